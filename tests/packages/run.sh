#!/usr/bin/env bash
# Builds the Debian packages, and checks on a machine that has nothing but a minimal Debian (by
# debootstrap, in namespaces) that they install, work and go without a trace.
#   tests/packages/run.sh              needs root, and Debian's mirror (a minute, 300 MB in TMPDIR)
#   tests/packages/run.sh --root DIR   on this minimal Debian; it is copied, not changed
# Status: 0 all is as it should be, 1 something is not, 3 it could not be tried here.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. scripts/packages.sh

cannot() {
  echo "packages: skipped: $*" >&2
  exit 3
}
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

base=
[ "${1:-}" != --root ] || base=$2
[ "$(id -u)" = 0 ] || cannot "not root"
# shellcheck disable=SC2086  # lists of names
install_packages $BUILD_PACKAGES $PACKAGE_PACKAGES || cannot "its packages do not install"

build=$PWD/build/release
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset release "${launcher[@]}" >/dev/null || exit 1
nice cmake --build --preset release >"$build/build.log" 2>&1 || {
  tail -n 30 "$build/build.log"
  exit 1
}

work=$(mktemp -d)
cleanup() {
  # Whatever was mounted went with the mount namespace.
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

pack() {  # pack DIRECTORY: both packages in it
  cpack --config "$build/CPackConfig.cmake" -G DEB -B "$1" >"$1.log" 2>&1 || {
    cat "$1.log"
    return 1
  }
  rm -rf "$1/_CPack_Packages"
}
is_same_twice() {
  (umask 077 && export TZ=Asia/Kathmandu && pack "$work/second") && diff -r "$work/first" "$work/second"
}
knows_no_place() {  # nothing in the packages tells where they were built
  local deb
  for deb in "$work"/first/*.deb; do
    dpkg-deb -R "$deb" "$work/unpacked/$(basename "$deb")" || return 1
  done
  ! grep -r -l -a -F "$PWD" "$work/unpacked"
}
has_age_of_its_source() {
  local epoch
  epoch=$(sed -n -E 's/.*SOURCE_DATE_EPOCH[^"]*"([0-9]+)".*/\1/p' "$build/PackageFiles.cmake")
  [ -n "$epoch" ] && [ -z "$(find "$work/unpacked" -path '*/DEBIAN' -prune -o -type f -newermt "@$epoch" -print)" ]
}

mkdir -p "$work/unpacked"
pack "$work/first" || exit 1
check "two runs of cpack give the same bytes, whatever umask and time zone" is_same_twice
check "no file tells where it was built" knows_no_place
check "no file is younger than its source" has_age_of_its_source

if [ -z "$base" ]; then
  base=$work/base
  debootstrap --variant=minbase bookworm "$base" http://deb.debian.org/debian >"$work/base.log" 2>&1 || {
    tail -n 3 "$work/base.log" >&2
    [ "$failed" = 0 ] || exit 1
    cannot "debootstrap cannot make a minimal Debian here"
  }
fi
root=$work/root
cp -a "$base" "$root" && mkdir -p "$root/packages" && cp "$work"/first/*.deb "$root/packages/" || exit 1
cp tests/packages/inside.sh "$root/packages/"
cp /etc/resolv.conf "$root/etc/resolv.conf"

# As they are installed somewhere where what they start is.
units_are_understood() {
  local prefix=$work/prefix said
  DESTDIR='' cmake --install "$build" --prefix "$prefix" --component netctl >/dev/null || return 1
  for unit in netctl-firewall netctl-cleanup; do
    said=$(systemd-analyze verify --man=no "$prefix/lib/systemd/system/$unit.service" 2>&1 |
      grep netctl)
    [ -z "$said" ] || { echo "$said" && return 1; }
  done
}
if command -v systemd-analyze >/dev/null; then
  check "systemd understands the units" units_are_understood
else
  echo "packages: systemd understands the units: skipped: no systemd-analyze"
fi

# The network of this machine is for apt alone; all else is done in a namespace that has none.
mkdir -p "$root/box/bin"
cp /bin/busybox "$root/box/bin/busybox"
unshare --mount --propagation private tests/packages/enter.sh "$root" || failed=1
exit $failed
