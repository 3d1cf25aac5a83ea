#!/usr/bin/env bash
# What is done on the minimal Debian; run.sh says why. Each claim is a line.
set -uo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
failed=0
check() {  # check CLAIM COMMAND...
  local claim=$1
  shift
  if "$@"; then
    echo "packages: $claim: Passed"
  else
    echo "packages: $claim: FAILED"
    failed=1
  fi
}
# Everything but what apt and dpkg keep for themselves.
list_files() {
  find / -xdev \( -path /packages -o -path /box -o -path /proc -o -path /sys -o -path /dev -o -path /run \
    -o -path /tmp -o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/dpkg \
    -o -path /etc/ld.so.cache \) -prune -o -print | sort
}
quietly() {
  "$@" >/packages/log 2>&1 || {
    cat /packages/log
    return 1
  }
}
box=(--rootfs /box)

install() {
  quietly apt-get update || exit 1
  list_files >/packages/before
  check "apt installs them with what they need" \
    quietly apt-get install -y --no-install-recommends /packages/*.deb
  check "every file is as it was packed" dpkg -V netctl netctl-plugins
  check "the boot's clean-up is enabled" \
    test -L /etc/systemd/system/multi-user.target.wants/netctl-cleanup.service
  check "the firewall watcher is not" \
    test ! -e /etc/systemd/system/multi-user.target.wants/netctl-firewall.service
}

doctor_is_content() {
  local said
  # What this kernel has not is no fault of the packages.
  said=$(netctl doctor -n) || { echo "$said" && return 1; }
  ! grep -v -E '^OK |kernel: ' <<<"$said"
}
runs_with_network() {
  [ "$(netctl run --rm "${box[@]}" -- /bin/busybox echo hello)" = hello ] || return 1
  netctl run -d --name web -p 8080:80 "${box[@]}" -- /bin/busybox httpd -f -p 80 -r packages-test -h / >/dev/null || return 1
  for _ in $(seq 50); do
    /box/bin/busybox wget -q -O /dev/null http://127.0.0.1:8080/hello && return 0
    [ "$(netctl ps -q)" ] || return 1
  done
  return 1
}
is_content_beside_others() {
  mkdir -p /opt/cni/bin
  printf '#!/bin/sh\n' >/opt/cni/bin/bridge
  chmod 755 /opt/cni/bin/bridge
  ! netctl install 2>/dev/null && netctl install --force >/dev/null &&
    [ "$(CNI_COMMAND=VERSION /opt/cni/bin/bridge <<<'{"cniVersion":"1.0.0"}' | grep -c 1.1.0)" = 1 ]
}
survives_an_upgrade() {
  quietly dpkg -i /packages/*.deb && [ "$(netctl ps -q | wc -l)" = 1 ] &&
    /box/bin/busybox wget -q -O /dev/null http://127.0.0.1:8080/hello
}
cleans_up_as_at_boot() {
  local id=0123456789abcdef
  mkdir -p "/var/lib/netctl/containers/$id/upper"  # of a container before the reboot
  netctl gc >/dev/null && [ ! -e "/var/lib/netctl/containers/$id" ]
}

use() {
  ip() { /box/bin/busybox ip "$@"; }
  ip link set lo up
  # Of the machine that this runs on.
  echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
  for name in iptables ip6tables; do
    sysctl=/proc/sys/net/bridge/bridge-nf-call-$name
    [ ! -e "$sysctl" ] || echo 0 >"$sysctl"
  done
  mkdir -p /box/proc /box/dev /box/sys && echo hello >/box/hello
  check "netctl version tells the package's version" \
    test "$(netctl version --format '{{.Version}}' | tr - '~')" = "$(dpkg-query -W -f '${Version}' netctl)"
  check "doctor finds all in order" doctor_is_content
  check "containers run, and their published ports answer" runs_with_network
  check "one still does" grep -q -l -z -x packages-test /proc/[0-9]*/cmdline
  check "plugins go beside others' by force only" is_content_beside_others
  check "an upgrade leaves containers running" survives_an_upgrade
  check "what a reboot leaves is let go" cleans_up_as_at_boot
}

left_nothing() {
  list_files >/packages/after
  # The place of the plugins was made by somebody else, above.
  diff <(cat /packages/before - <<<$'/opt/cni\n/opt/cni/bin\n/opt/cni/bin/bridge' | sort) /packages/after
}
nothing_runs() {
  ! grep -l -z -x packages-test /proc/[0-9]*/cmdline 2>/dev/null
}
purge() {
  check "apt removes them" quietly apt-get purge -y netctl netctl-plugins
  quietly apt-get autoremove -y --purge
  check "no container runs any more" nothing_runs
  check "what was in /opt/cni/bin is there again" grep -q -x '#!/bin/sh' /opt/cni/bin/bridge
  check "no file is left" left_nothing
  check "no state is left" test ! -e /run/netctl
  check "no interface is left" test "$(/box/bin/busybox ip -o link | wc -l)" = 1
}

"$1"
exit $failed
