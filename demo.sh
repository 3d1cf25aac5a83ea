#!/usr/bin/env bash
# Builds the release and shows the main job on real traffic: two namespaces on a bridge network, a
# web server with a published port, its page fetched from everywhere, and nothing left behind.
#   ./demo.sh           the host is played by a namespace of its own: this machine stays untouched
#   ./demo.sh --here    on this machine itself
#   ./demo.sh --keep    leave it running, and say how to take it down
set -euo pipefail
cd "$(dirname "$0")"
. scripts/packages.sh

here=no keep=no inside=no
for argument in "$@"; do
  case $argument in
    --here) here=yes ;;
    --keep) keep=yes ;;
    --inside) inside=yes ;;  # this script's own second half, in the namespace it made
    *)
      echo "usage: ./demo.sh [--here] [--keep]" >&2
      exit 2
      ;;
  esac
done

installed=$PWD/build/installed

bold() { printf '\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || bold() { printf '%s\n' "$*"; }

if [ "$inside" = no ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "demo.sh: making network namespaces takes root: sudo ./demo.sh" >&2
    exit 1
  fi
  # shellcheck disable=SC2086  # lists of names
  install_packages $BUILD_PACKAGES $LAB_PACKAGES || exit 1
  bold "== building the release"
  launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  cmake --preset release "${launcher[@]}" >/dev/null
  cmake --build --preset release
  cmake --install build/release --prefix "$installed" >/dev/null
  if [ "$here" = no ]; then
    exec unshare --net --mount --propagation private "$PWD/demo.sh" --inside "$@"
  fi
fi

export PATH=$installed/bin:$PATH
if [ "$here" = no ]; then
  # An empty host: its own links and rules by the namespace, its own files by these mounts.
  mount -t tmpfs -o mode=0755 tmpfs /run
  ip link set lo up
  export NETCTL_CNI_STATE_DIR=/run/cni-state NETCONFPATH=/run/cni-config
  export NETCTL_DATA_DIR=/run/netctl-data
fi
state=${NETCTL_CNI_STATE_DIR:-/var/lib/cni}
work=$(mktemp -d)
server=

step() {  # step COMMAND...: says what is typed, and what comes back
  printf '\n'
  bold "# $*"
  "$@" 2>&1 | sed 's/^/    /'
  return "${PIPESTATUS[0]}"
}

# What must be the same before and after. An address file is a reservation; the other two files in
# host-local's directory are its lock, and the memory that lets a freed address rest longest; its
# index says where to look in that directory.
snapshot() {
  echo "== links and addresses"
  ip -o addr | sed 's/valid_lft.*//'
  ip -o link | sed 's/@.*//; s/ mtu.*//'
  echo "== routes"
  ip route show table all | sort
  ip -6 route show table all | sort
  echo "== rules"
  nft list ruleset
  echo "== files"
  find "$state" /run/netctl /run/netns -type f 2>/dev/null |
    grep -v -E '/(lock|last_reserved_ip\.[0-9]+)$|^/run/netctl/(ipam|filters)/' | sort || true
}

take_down() {
  netctl rm -f demo 2>/dev/null || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  server=
  for name in web client; do
    [ -e "/run/netns/$name" ] || continue
    step netctl del bridge "$name" || true
    step netctl ns rm "$name" || true
  done
  if [ -e /run/netns/lan ]; then
    ip link del lan0 2>/dev/null || true
    step netctl ns rm lan || true
  fi
}

finish() {
  local status=$?
  trap - EXIT
  if [ $status != 0 ]; then
    printf '\n%s\n' "demo.sh: FAILED at: ${current:-set-up}" >&2
    take_down >/dev/null 2>&1 || true
    status=1
  fi
  rm -rf "$work"
  exit $status
}
trap finish EXIT

fetch() {  # fetch FROM URL: a person's way to look at the page; FROM is a namespace or "host"
  local from=$1 url=$2 prefix=()
  [ "$from" = host ] || prefix=(nsenter --net="/run/netns/$from")
  current="fetching $url from $from"
  step "${prefix[@]}" curl -sS --max-time 5 --noproxy '*' "$url" | tee "$work/answer"
  grep -q "netctl serves" "$work/answer"
}

current="looking at the host before"
snapshot >"$work/before"

current="making and attaching the namespaces"
bold "== two namespaces on the network \"bridge\""
step netctl ns add web
step netctl add bridge web -p 8080:80
step netctl ns add client
step netctl add bridge client

current="starting the web server"
mkdir "$work/www"
echo "<p>netctl serves this page from namespace web</p>" >"$work/www/index.html"
printf '\n'
bold "# nsenter --net=/run/netns/web busybox httpd -f -p 80 -h $work/www &"
nsenter --net=/run/netns/web busybox httpd -f -p 80 -h "$work/www" &
server=$!
web=$(nsenter --net=/run/netns/web ip -4 -o addr show eth0 | sed -E 's/.* inet ([0-9.]+).*/\1/')
gateway=$(ip -4 -o addr show netctl0 | sed -E 's/.* inet ([0-9.]+).*/\1/')
for _ in $(seq 50); do
  curl -s --noproxy '*' -o /dev/null "http://$web/" && break
  sleep 0.1
done

current="connecting another machine"
printf '\n'
bold "== a third namespace, \"lan\", stands for another machine on the host's network"
step netctl ns add lan
step ip link add lan0 type veth peer name eth0 netns /run/netns/lan
step ip addr add 203.0.113.1/24 dev lan0
step ip link set lan0 up
nsenter --net=/run/netns/lan sh -c 'ip addr add 203.0.113.2/24 dev eth0; ip link set eth0 up'

printf '\n'
bold "== the page, from the host"
fetch host http://127.0.0.1:8080/
fetch host "http://$gateway:8080/"
printf '\n'
bold "== from the second namespace: by address, and through the published port"
fetch client "http://$web/"
fetch client "http://$gateway:8080/"
printf '\n'
bold "== from the server itself, through its own published port"
fetch web "http://$gateway:8080/"
printf '\n'
bold "== from another machine"
fetch lan http://203.0.113.1:8080/

current="showing the rules"
printf '\n'
bold "== what the kernel holds for it"
step nft list map inet netctl publish4_any
step nft list map inet netctl masquerade4

current="running a container"
printf '\n'
bold "== the same from a container: a root file system of busybox, a limit, a published port"
mkdir -p "$work/busybox/bin"
cp /bin/busybox "$work/busybox/bin/"
for applet in $(/bin/busybox --list); do
  ln -s busybox "$work/busybox/bin/$applet" 2>/dev/null || true
done
mkdir "$work/busybox/www"
cp "$work/www/index.html" "$work/busybox/www/"
step netctl run --name demo --rootfs "$work/busybox" -p 8081:80 -m 64m --pids-limit 64 -d -- \
  httpd -f -p 80 -h /www
for _ in $(seq 50); do
  curl -s --noproxy '*' -o /dev/null http://127.0.0.1:8081/ && break
  sleep 0.1
done
fetch host http://127.0.0.1:8081/
step netctl exec demo ps
step netctl stats demo
step netctl stop -t 1 demo
step netctl rm demo

if [ "$keep" = yes ]; then
  trap - EXIT
  printf '\n'
  if [ "$here" = yes ]; then
    bold "== left running; to take it down:"
    echo "    kill $server; for n in web client; do netctl del bridge \$n; netctl ns rm \$n; done"
    echo "    netctl ns rm lan; rm -r $work"
    echo "    (netctl is $installed/bin/netctl)"
  else
    setsid sleep infinity </dev/null >/dev/null 2>&1 &
    bold "== left running; to look at it, and to take it down:"
    echo "    nsenter --net --mount --target $! env NETCTL_CNI_STATE_DIR=$state PATH=$PATH bash"
    echo "    kill $server $!; rm -r $work        # the namespaces end with their last process"
  fi
  exit 0
fi

current="taking everything down"
printf '\n'
bold "== taking everything down"
take_down

current="comparing the host with what it was before"
snapshot >"$work/after"
if ! diff -u "$work/before" "$work/after"; then
  echo "the host is not as it was" >&2
  exit 1
fi
printf '\n'
bold "== links, addresses, routes, rules and files are as before. It works."
