#!/usr/bin/env bash
# run.sh's other half, in a mount namespace: makes the directory the root of a machine, and runs
# inside.sh there: to install with this machine's network, to work in a network namespace.
set -uo pipefail
root=$1
mount --bind "$root" "$root" && cd "$root" || exit 1
mount -t proc proc proc
mount -t tmpfs -o mode=0755 tmpfs run
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup 2>/dev/null
mkdir -p dev/pts && mount -t devpts devpts dev/pts

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
host=$(mktemp -u inst-XXXXXX)
ip netns add "$host" || exit 1
trap 'ip netns del "$host"' EXIT
working() {
  # sysfs tells of the network namespace that it was mounted in.
  nsenter --net="/run/netns/$host" unshare --mount -- sh -c '
    mount -t sysfs sysfs "$1/sys" && mount --rbind /sys/fs/cgroup "$1/sys/fs/cgroup"
    exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /packages/inside.sh "$2"
  ' sh "$root" "$1"
}
status=0
inside bash /packages/inside.sh install || exit 1
working use || status=1
# The maintainer scripts stop what is running, so they have to see it.
working purge || status=1
rules=$(nsenter --net="/run/netns/$host" nft list ruleset)
if [ -z "$rules" ]; then
  echo "packages: no firewall rule is left: Passed"
else
  printf 'packages: no firewall rule is left: FAILED\n%s\n' "$rules"
  status=1
fi
exit $status
