#!/usr/bin/env bash
# Runs system tests on Debian's own kernel, in a virtual machine: it has bridge VLAN filtering, VLAN
# and dummy devices, and flow tables, which the kernel of this machine may lack, and cgroups of
# version 2, where this machine may have version 1. Emulated, so no /dev/kvm is needed; no network either.
#   tests/vm/run.sh                  the tests of bridge VLANs, flow tables and containers' cgroups
#   tests/vm/run.sh -R 'Bridge|Ptp'  others, named as ctest names them
# The tests are those of build/dev (BUILD_DIR), which has to be built; NETCTL_VM_TIMEOUT is in seconds.
# Prints a line a test and the output of those that fail or are skipped; the whole console is in
# $BUILD_DIR/vm/console.log. Status: 0 all passed or skipped, 1 a test failed, 2 the machine did not
# run, 3 it cannot be set up here.
set -uo pipefail
cd "$(dirname "$0")/../.."
. scripts/packages.sh

pattern='Vlan|FlowTable|system\.(Limits\.|Commands\.(APausedContainerStands|Stats)|Run\.Detached)'
while getopts R: option; do
  case $option in
    R) pattern=$OPTARG ;;
    *)
      echo "usage: tests/vm/run.sh [-R PATTERN]" >&2
      exit 2
      ;;
  esac
done
build=$(realpath "${BUILD_DIR:-build/dev}")
work=$build/vm
root=$work/root

cannot() {
  echo "no virtual machine: $*" >&2
  exit 3
}

# The kernel's package is unpacked here and not installed: nobody's next boot should change.
get_kernel() {
  [ -e "$work/kernel/release" ] && return
  local package
  rm -rf "$work/kernel" && mkdir -p "$work/kernel/package" || return
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
  [ -n "$package" ] || return
  (cd "$work/kernel" && apt-get -q download "$package" && dpkg-deb -x "$package"_*.deb package &&
    rm "$package"_*.deb) >"$work/kernel.log" 2>&1 || return
  echo "${package#linux-image-}" >"$work/kernel/release"
}

# "name<TAB>command" of each test, from "12: Test command: …" and "  Test #12: name" of ctest -N -V.
list_tests() {
  ctest --test-dir "$build" -N -V -L '^system$' -R "$pattern" | awk '
    /^[0-9]+: Test command: / { command = $0; sub(/^[0-9]+: Test command: /, "", command) }
    /^ +Test +#[0-9]+: / { print $NF "\t" command }'
}

# Into the image: a file with the shared libraries that it needs, without debug information.
put_program() {
  local file
  for file in "$@" $(ldd "$@" 2>/dev/null | grep -o '/[^ ]*\.so[^ ]*' | sort -u); do
    [ -e "$root$file" ] && continue
    mkdir -p "$root$(dirname "$file")"
    strip --strip-debug -o "$root$file" "$file" 2>/dev/null || cp -L "$file" "$root$file"
  done
}

# Only what tests may ask for: the rest of the package is drivers of real machines.
put_modules() {
  local from=$1 to=$2 part
  mkdir -p "$to"
  cp "$from"/modules.{order,builtin,builtin.modinfo} "$to"
  for part in net crypto lib arch/x86/crypto drivers/virtio drivers/block/virtio_blk.ko \
    drivers/net/{dummy,ifb,macvlan,tap,tun,veth,vrf,vxlan}.ko drivers/net/{ipvlan,wireguard} \
    fs/overlayfs; do
    [ -e "$from/kernel/$part" ] || continue
    mkdir -p "$to/kernel/$(dirname "$part")"
    cp -r "$from/kernel/$part" "$to/kernel/$part"
  done
}

make_image() {
  local directory program
  rm -rf "$root"
  mkdir -p "$root"/{dev,etc,proc,root,run,sys,tmp,usr/bin,usr/sbin,usr/lib64,usr/lib,var/lib/cni}
  for directory in bin sbin lib lib64; do ln -s "usr/$directory" "$root/$directory"; done
  put_program /usr/bin/busybox || return
  for program in $(busybox --list); do
    [ "$program" = busybox ] || ln -s /usr/bin/busybox "$root/usr/bin/$program"
  done
  ln -s /usr/bin/busybox "$root/usr/sbin/modprobe"  # where the kernel looks
  # Ours instead of busybox's.
  for program in ip bridge nft nsenter unshare setpriv strace curl; do
    program=$(command -v "$program") || continue
    program=$(realpath "$(dirname "$program")")/$(basename "$program")
    rm -f "$root/usr/bin/$(basename "$program")"
    put_program "$program"
  done
  for directory in /etc/protocols /etc/services /etc/iproute2; do
    [ ! -e "$directory" ] || cp -r "$directory" "$root/etc/"
  done
  # Under the paths that are compiled into the tests.
  put_program "$build"/bin/* "$build"/lib/cni/netctl-plugins \
    $(cut -f 2 "$work/tests" | cut -d " " -f 1 | sort -u)
  find "$build/lib/cni" -type l -exec cp -P {} "$root$build/lib/cni/" \;
  put_modules "$modules" "$root/usr/lib/modules/$release" || return
  busybox depmod -b "$root" "$release" 2>>"$work/image.log" || return
  cp tests/vm/init.sh "$root/init"
  cp "$work/tests" "$root/tests"
  rm -f "$work/image"
  mke2fs -q -t ext4 -O ^has_journal -d "$root" "$work/image" 2G >>"$work/image.log" 2>&1
}

# The least that reaches the image: it inserts the drivers of the disk and goes on there.
make_initramfs() {
  local small=$work/initramfs.d module
  rm -rf "$small"
  mkdir -p "$small"/{bin,dev,image,modules,proc}
  cp /usr/bin/busybox "$small/bin/busybox"
  for module in drivers/virtio/virtio_ring drivers/virtio/virtio \
    drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci_modern_dev \
    drivers/virtio/virtio_pci drivers/block/virtio_blk; do
    cp "$modules/kernel/$module.ko" "$small/modules/" || return
  done
  cp tests/vm/initramfs.sh "$small/init"
  (cd "$small" && find . | busybox cpio -o -H newc) >"$work/initramfs" 2>/dev/null
}

# The kernel's check of its timer fails where the emulation is slow (no_timer_check).
# Status lines and tests' output stand on the console between two lines of our own.
boot() {
  timeout --foreground "${NETCTL_VM_TIMEOUT:-1200}" qemu-system-x86_64 \
    -accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nographic -no-reboot -nic none \
    -kernel "$work/kernel/package/boot/vmlinuz-$release" -initrd "$work/initramfs" \
    -append 'console=ttyS0 quiet loglevel=1 panic=-1 no_timer_check' \
    -drive "file=$work/image,format=raw,if=virtio,cache=unsafe" </dev/null 2>&1 |
    stdbuf -oL tr -d '\r' | tee "$work/console.log" |
    awk '/^vm: end/ { on = 0 } on { print; fflush() } /vm: begin$/ { on = 1 }'
}

for file in "$build/CTestTestfile.cmake" "$build/bin/netctl"; do
  [ -e "$file" ] || cannot "$file is not there: build it first"
done
mkdir -p "$work"
: >"$work/image.log"
list_tests >"$work/tests"
[ -s "$work/tests" ] || cannot "no system test is named like \"$pattern\""
# shellcheck disable=SC2086  # a list of names
install_packages $VM_PACKAGES || cannot "its packages do not install"
get_kernel || cannot "Debian's kernel cannot be fetched ($work/kernel.log)"
release=$(cat "$work/kernel/release")
modules=$work/kernel/package/lib/modules/$release
make_image && make_initramfs || cannot "its image cannot be made ($work/image.log)"
rm -rf "$root"

boot
status=$(sed -n 's/^vm: end //p' "$work/console.log")
if [ -z "$status" ]; then
  tail -n 20 "$work/console.log" >&2
  echo "the virtual machine came to no end within ${NETCTL_VM_TIMEOUT:-1200} seconds, or crashed" >&2
  exit 2
fi
exit "$status"
