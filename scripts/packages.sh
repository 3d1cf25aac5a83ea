# Sourced by demo.sh, test.sh and bench.sh: the Debian packages that they need, and how to get them.

BUILD_PACKAGES="g++ cmake ninja-build pkg-config libnl-3-dev libmnl-dev libnftnl-dev
  nlohmann-json3-dev libspdlog-dev libfmt-dev libcli11-dev libmd-dev
  libseccomp-dev"
# groff and mandoc look at the manual pages.
TEST_PACKAGES="libgtest-dev libgmock-dev libsystemd-dev groff-base mandoc"
# The programs that look at what we made, and those that make traffic.
LAB_PACKAGES="iproute2 nftables iptables dbus-daemon busybox-static curl strace util-linux redis-tools
  zsh fish"
# A machine with a kernel that has what ours lacks (tests/vm).
VM_PACKAGES="qemu-system-x86 busybox-static e2fsprogs binutils"
# For the tests with others' programs (tests/clients): the reference plugins; Podman and containerd,
# whose services are not started; OCI runtimes; and the library of cnitool and containerd with the
# compiler that a client of it takes (half a minute to install, and to build).
CLIENT_PACKAGES="containernetworking-plugins podman containerd crun runc golang-go
  golang-github-appc-cni-dev"
# A minimal Debian for the packages (tests/packages).
PACKAGE_PACKAGES="debootstrap busybox-static dpkg-dev file iproute2 nftables"
# What reads the source instead of running it (scripts/lint.sh), and the fuzzer's compiler
# (tests/fuzz/run.sh).
LINT_PACKAGES="clang clang-tidy cppcheck"

# What the bench measures beside ours, and with what (bench.sh).
PEER_PACKAGES="containernetworking-plugins netavark crun runc busybox-static iptables nftables \
iproute2 iperf3 docker.io"

# without_services COMMAND...: runs it, and no service of a package that it installs is started or
# restarted: the tests start their own containerd, redis and so on, and the machine keeps its network.
# policy-rc.d says so to invoke-rc.d(8); one that is there already is the machine's own and stays.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || exit 1
  fi
  DEBIAN_FRONTEND=noninteractive "$@"
)

# install_packages NAME...: installs what is missing, quietly; says what it does, and what to do
# where it cannot.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "missing packages: as root, apt-get install ${missing[*]}" >&2
    return 1
  fi
  echo "installing: ${missing[*]}"
  local log status=0
  log=$(mktemp)
  { apt-get update && without_services apt-get install -y --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 </dev/null || status=1
  if [ "$status" != 0 ]; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install: ${missing[*]}" >&2
    return 1
  fi
  rm -f "$log"
}
