#!/usr/bin/env bash
# Fails every system call of an operation in turn, or kills it there, and looks at what is left.
#   tests/faults/run.sh                      all operations, each call failed once
#   tests/faults/run.sh -a                   the same with another error of each call (not with -k)
#   tests/faults/run.sh -k                   the same, killed (SIGKILL) instead
#   tests/faults/run.sh -p                   each call and all after it of its kind failed
#   tests/faults/run.sh -o bridge-add        one operation; -l lists them
#   tests/faults/run.sh -c openat2,mount     these calls only
#   tests/faults/run.sh -s 10                every 10th point only
# After an ADD that failed the host has to be as it was before (not with -p, where the way back may
# be barred, too), and the error has to name the cause.
# An ADD that succeeded in spite of it, and one that was killed, have to be undone whole by one DEL,
# and can then be made again. A DEL that succeeded has to have left nothing; after one that failed or
# was killed, one more has to end it. After a CHECK that did, the next one has to be right. A GC
# leaves a container that runs (netctl-gc-box) as it is, however it ends.
# Measured are the programs of build/release (BUILD_DIR). Everything happens in namespaces and below
# cgroups that are made for it, so that several may run at once. Prints a line for each point that
# was not survived and a table of counts. Status: 0 all survived, 1 not all, 2 it could not be run.
set -uo pipefail
cd "$(dirname "$0")/../.."

kill=0 other=0 on='' only='' calls='' stride=1 list=0
while getopts akpo:c:s:l option; do
  case $option in
    a) other=1 ;;
    k) kill=1 ;;
    p) on=+ ;;
    o) only=$OPTARG ;;
    c) calls=$OPTARG ;;
    s) stride=$OPTARG ;;
    l) list=1 ;;
    *)
      echo "usage: tests/faults/run.sh [-a] [-k] [-p] [-o OPERATION] [-c CALLS] [-s STRIDE] [-l]" >&2
      exit 2
      ;;
  esac
done

build=$(realpath "${BUILD_DIR:-build/release}")
netctl=$build/bin/netctl
plugins=$build/lib/cni

# ---- The operations: what is called, on what.

OPERATIONS="bridge-add bridge-del bridge-check bridge-gc host-local-add host-local-del
  host-local-check host-local-gc static-add static-del static-check portmap-add portmap-del
  portmap-check portmap-gc firewall-add firewall-del firewall-check firewall-gc ptp-add ptp-del
  ptp-check ptp-gc tuning-add tuning-del tuning-check none-add none-del none-check host-add host-del
  host-check container-add container-del container-check netctl-add netctl-del netctl-check netctl-gc netctl-reload
  netctl-ns-add netctl-ns-rm netctl-run netctl-run-d netctl-rm netctl-gc-box"

if [ "$list" = 1 ]; then
  printf '%s\n' $OPERATIONS
  exit 0
fi

if [ -z "${FAULTS_INSIDE:-}" ]; then
  [ "$(id -u)" = 0 ] || { echo "tests/faults/run.sh: needs root" >&2 && exit 2; }
  [ -x "$netctl" ] || { echo "tests/faults/run.sh: build $build first" >&2 && exit 2; }
  command -v strace >/dev/null || { echo "tests/faults/run.sh: needs strace" >&2 && exit 2; }
  own=faults.$$
  trap 'find /sys/fs/cgroup -depth -type d \( -path "*/$own" -o -path "*/$own/*" \) -exec rmdir {} \;' EXIT
  FAULTS_INSIDE=$own unshare --net --pid --fork --kill-child --mount-proc --propagation private \
    "$0" "$@"
  exit
fi

# The controllers of version 2, which a group has when the one above it gives them.
hand_down() {
  local controller
  for controller in $(cat "$1/cgroup.controllers"); do
    echo "+$controller" >"$1/cgroup.subtree_control"
  done
}

# Of each hierarchy a part of its own stands where the whole one stood.
own_cgroups() {
  local root file
  for root in $(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/self/mounts); do
    mkdir "$root/$FAULTS_INSIDE" || exit 2
    for file in cpuset.cpus cpuset.mems; do  # of version 1 empty, which takes no process
      [ ! -e "$root/cgroup.clone_children" ] || [ ! -e "$root/$file" ] ||
        cat "$root/$file" >"$root/$FAULTS_INSIDE/$file"
    done
    [ ! -e "$root/cgroup.controllers" ] || hand_down "$root"
    mount --bind "$root/$FAULTS_INSIDE" "$root" || exit 2
  done
}
own_cgroups
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/config /run/state /run/faults
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
# Or no port is published on [::1].
sysctl -qe -w net.bridge.bridge-nf-call-ip6tables=0
export NETCTL_CNI_STATE_DIR=/run/state NETCONFPATH=/run/config CNI_PATH=$plugins

# What containers are made of.
export NETCTL_DATA_DIR=/run/data
make_box() {
  mkdir -p /run/box/bin
  cp /bin/busybox /run/box/bin/busybox-faults  # no process of the harness has that name
}

IPAM='"ipam": {"type": "host-local", "dataDir": "/run/state/networks",
  "ranges": [[{"subnet": "10.9.0.0/24"}], [{"subnet": "fd09::/64"}]]}'
BRIDGE='{"type": "bridge", "bridge": "cni9", "isDefaultGateway": true, "ipMasq": true,
  "macspoofchk": true, '$IPAM'}'
cat >/run/config/net.conflist <<END
{"cniVersion": "1.1.0", "name": "net", "plugins": [$BRIDGE,
  {"type": "portmap", "capabilities": {"portMappings": true}},
  {"type": "firewall", "ingressPolicy": "same-bridge"}]}
END

# The config of one plugin, with what belongs to every one.
config_of() {
  local members
  case $1 in
    bridge) members=${BRIDGE#\{} ;;
    host-local) members='"type": "host-local", '$IPAM'}' ;;
    portmap)
      members='"type": "portmap", "runtimeConfig": {"portMappings":
        [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}}'
      ;;
    firewall) members='"type": "firewall", "ingressPolicy": "same-bridge"}' ;;
    static) members='"type": "static", "ipam": {"type": "static",
        "addresses": [{"address": "10.9.0.5/24", "gateway": "10.9.0.1"}]}}' ;;
    host) members='"type": "host"}' ;;
    container) members='"type": "container", "container": "web"}' ;;
    ptp) members='"type": "ptp", "ipMasq": true, '$IPAM'}' ;;
    none) members='"type": "none"}' ;;
    tuning) members='"type": "tuning", "mtu": 1400, "mac": "02:00:00:00:00:09",
        "sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1"}}' ;;
  esac
  echo "{\"cniVersion\": \"1.1.0\", \"name\": \"net\", ${prev:+\"prevResult\": $prev,} $members"
}

# Calls a plugin: plugin NAME COMMAND, in $prev what the plugin before it gave. With `trace` it is
# strace that starts it.
plugin() {
  local netns=/run/netns/c1
  case $1 in host) netns=/proc/self/ns/net ;; esac
  case $2 in GC) netns='' ;; esac
  config_of "$1" >/run/faults/in
  CNI_COMMAND=$2 CNI_CONTAINERID=c1 CNI_NETNS=$netns CNI_IFNAME=eth0 "${trace[@]}" \
    "$plugins/$1" </run/faults/in
}

run_box() { "${trace[@]}" "$netctl" run --name box --rootfs /run/box --network net "$@"; }

trace=()
prev=''
quietly() { "$@" >/dev/null 2>&1; }
# What has to be there for all points of an operation: what stands before it in a chain.
base() {
  quietly "$netctl" ns add c1
  case $1 in
    portmap-*) prev=$(plugin bridge ADD 2>/dev/null) ;;
    # Where others' rules drop what is not let in.
    firewall-*)
      prev=$(plugin bridge ADD 2>/dev/null)
      nft 'add table ip filter; add table ip6 filter'
      nft 'add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }'
      nft 'add chain ip6 filter FORWARD { type filter hook forward priority 0; policy drop; }'
      ;;
    tuning-*) prev=$(plugin ptp ADD 2>/dev/null) ;;
    container-*) quietly "$netctl" add net c1 --id web ;;
    netctl-gc-box) quietly run_box -d -- busybox-faults sleep 100000 ;;
  esac
  case $1 in
    portmap-* | firewall-* | tuning-*) ;;
    *-check) case $1 in netctl-*) ;; *) prev=$(operation "${1%-*}-add" 2>/dev/null) ;; esac ;;
  esac
}
# What has to be there for each.
setup() {
  case $1 in
    netctl-check | netctl-reload | netctl-gc | netctl-del)
      quietly "$netctl" add net c1 -p 8080:80
      ;;
    netctl-ns-rm) quietly "$netctl" ns add c2 ;;
    netctl-rm) quietly run_box -d -- busybox-faults sleep 1000 ;;
  esac
  case $1 in
    netctl-reload) nft flush ruleset ;;
    netctl-gc) umount /run/netns/c1 && rm /run/netns/c1 ;;
    netctl-*) ;;
    none-add) ip -n c1 link set lo up ;;
    *-del | *-gc | portmap-check | firewall-check | tuning-check)
      quietly operation "${1%-*}-add"
      ;;
  esac
}
operation() {
  case $1 in
    netctl-add) "${trace[@]}" "$netctl" add net c1 -p 8080:80 ;;
    netctl-del) "${trace[@]}" "$netctl" del net c1 ;;
    netctl-check) "${trace[@]}" "$netctl" check net c1 ;;
    netctl-gc) "${trace[@]}" "$netctl" gc net ;;
    netctl-reload) "${trace[@]}" "$netctl" reload ;;
    netctl-ns-add) "${trace[@]}" "$netctl" ns add c2 ;;
    netctl-ns-rm) "${trace[@]}" "$netctl" ns rm c2 ;;
    # To its end: strace waits for all that it follows.
    netctl-run) run_box -- busybox-faults true ;;
    netctl-run-d) run_box -d -- busybox-faults true ;;
    netctl-gc-box) "${trace[@]}" "$netctl" gc ;;
    netctl-rm) "${trace[@]}" "$netctl" rm -f box ;;
    *-add) plugin "${1%-add}" ADD ;;
    *-del) plugin "${1%-del}" DEL ;;
    *-check) plugin "${1%-check}" CHECK ;;
    *-gc) plugin "${1%-gc}" GC ;;
  esac
}
# What ends the operation, and may be asked for again and again.
ending() {
  case $1 in
    netctl-add | netctl-del | netctl-check | netctl-reload) "$netctl" del net c1 ;;
    netctl-gc) "$netctl" gc net ;;
    netctl-gc-box) ;;
    netctl-ns-*) [ ! -e /run/netns/c2 ] || "$netctl" ns rm c2 ;;
    # A creation that was interrupted may have no name yet; GC of all knows it.
    netctl-run | netctl-run-d | netctl-rm) quietly "$netctl" rm -f box; "$netctl" gc ;;
    portmap-check | firewall-check | tuning-check) plugin "${1%-*}" DEL ;;
    *-check) ;;
    bridge-gc | host-local-gc | portmap-gc) plugin "${1%-gc}" GC ;;
    *) plugin "${1%-*}" DEL ;;
  esac
}
teardown() {
  case $1 in netctl-gc) quietly "$netctl" ns add c1 ;; esac
}
unbase() {
  case $1 in
    portmap-*) quietly plugin bridge DEL ;;
    firewall-*)
      quietly plugin bridge DEL
      nft 'delete table ip filter; delete table ip6 filter'
      ;;
    tuning-*) quietly plugin ptp DEL ;;
    netctl-gc-box) quietly "$netctl" rm -f box ;;
    netctl-*) ;;
    *-check) quietly plugin "${1%-check}" DEL ;;
  esac
  case $1 in container-*) quietly "$netctl" del net c1 --id web ;; esac
  quietly "$netctl" ns rm c1
  prev=''
}

# All that an operation may change, without what the kernel sets late or what is kept on purpose.
state() {
  {
    ip -o link
    ip -o addr
    ip route show table all
    ip -6 route show table all
    ip neigh show nud permanent
    tc qdisc show | sed 's/ refcnt.*//'
    nft -s list ruleset 2>/dev/null  # the warning that tables of iptables are there
    sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.ipv4.conf.all.route_localnet
    find /run/state /run/netctl /run/netns ! -type d ! -name lock ! -name 'last_reserved_ip.*' \
      ! -path '/run/netctl/ipam/*' ! -path '/run/netctl/filters/*' 2>/dev/null | sort
    grep -c ' /run' /proc/self/mounts
    find /run/data -mindepth 2 2>/dev/null | sort
    find /sys/fs/cgroup/netctl /sys/fs/cgroup/*/netctl -mindepth 1 -type d 2>/dev/null
    pgrep -c -x -r R,S,D,T busybox-faults  # not those that have ended, and nobody waited for
    [ ! -e /run/netns/c1 ] || nsenter --net=/run/netns/c1 sh -c 'ip -o link; ip -o addr; ip route'
  } | sed -E -e '/fe80::|ff00::/d' -e 's/valid_lft.*|NO-CARRIER,|,LOWER_UP| state [A-Z]+|@if[0-9]+//g' \
    -e 's/^[0-9]+: //'
}

# ---- One fault.

# A plausible error of each call; calls that cannot fail as they are made, or that end the program,
# have none, and are only killed. brk is one of them: the kernel answers with the old end, and glibc
# takes an errno for an address.
error_of() {
  [ "$other" = 0 ] || { other_error_of "$1" && return; }
  case $1 in
    socket | socketpair | openat | openat2 | pidfd_open | eventfd2 | epoll_create1 | signalfd4 | dup | dup2 | dup3 | pipe2 | memfd_create) echo EMFILE ;;
    sendto | sendmsg | recvmsg | recvfrom | setsockopt | getsockopt | bind | connect | getsockname) echo ENOBUFS ;;
    mmap | mremap | munmap | mprotect | madvise | poll | ppoll | fsconfig | execve | execveat) echo ENOMEM ;;
    write | pwrite64 | writev | ftruncate | fallocate | rename | renameat | renameat2 | mkdir | mkdirat | mknodat | linkat | symlink | symlinkat | fsetxattr) echo ENOSPC ;;
    read | pread64 | readv | fsync | fdatasync | close | getdents64 | fstat | newfstatat | stat | lstat | statx | lseek | readlink | readlinkat | ioctl | access | faccessat | faccessat2 | fstatfs | statfs | unlink | unlinkat | rmdir | fchmod | fchmodat | fchown | fchownat | utimensat | chdir | fchdir | getcwd | fgetxattr) echo EIO ;;
    flock) echo ENOLCK ;;
    setns | unshare | mount | umount2 | mount_setattr | move_mount | open_tree | fsopen | fsmount | pivot_root) echo EPERM ;;
    fcntl | prctl | capget | capset | seccomp | keyctl | bpf | prlimit64 | setsid | sethostname | setgroups | setresuid | setresgid) echo EPERM ;;
    clone | clone3 | vfork | fork | getrandom) echo EAGAIN ;;
    waitid | clock_nanosleep) echo EINTR ;;
  esac
}
# A second one.
other_error_of() {
  case $1 in
    read | pread64 | readv | write | pwrite64 | writev | sendto | sendmsg | recvmsg | recvfrom | flock | openat | poll | ppoll | close | connect | fallocate | ftruncate) echo EINTR ;;
    socket | setns | unshare | bind | setsockopt | ioctl | getsockname | mkdir | mkdirat | linkat | symlinkat | rename | renameat | renameat2 | unlink | unlinkat | rmdir | fstatfs | statfs) echo EACCES ;;
    mknodat | fchownat | fchmodat | utimensat | chdir | seccomp | keyctl | prlimit64 | setgroups) echo EACCES ;;
    stat | lstat | newfstatat | fstat | statx | access | faccessat | faccessat2 | readlink | readlinkat | clone | clone3 | vfork | fork | mount | umount2 | getdents64) echo ENOMEM ;;
    mount_setattr | move_mount | open_tree | fsopen | fsmount | pivot_root | setresuid | setresgid | sethostname) echo ENOMEM ;;
    openat2) echo EAGAIN ;;
    *) return 1 ;;
  esac
}
words_of() {
  case $1 in
    EACCES) echo 'Permission denied' ;;
    EINTR) echo 'Interrupted system call' ;;
    EMFILE) echo 'Too many open files' ;;
    ENOBUFS) echo 'No buffer space' ;;
    ENOMEM) echo 'allocate memory|bad_alloc|out of memory' ;;
    ENOSPC) echo 'No space left' ;;
    EIO) echo 'Input/output error' ;;
    ENOLCK) echo 'No locks' ;;
    EPERM) echo 'not permitted' ;;
    EAGAIN) echo 'temporarily unavailable' ;;
  esac
}

# The program itself, and not what the loader does before main(): that ends it, by glibc.
counts() { awk '/cap[gs]et\(|write\(|sendto\(|socket\(|prctl|sigaltstack|openat\(AT_FDCWD, "\/proc/ {begun = 1}
  begun && match($0, /^([0-9]+ +)?[a-z0-9_]+\(/) {
    name = $0; sub(/^[0-9]+ +/, "", name); sub(/\(.*/, "", name); seen[name]++
  }
  !begun && match($0, /^([0-9]+ +)?[a-z0-9_]+\(/) {
    name = $0; sub(/^[0-9]+ +/, "", name); sub(/\(.*/, "", name); before[name]++
  }
  END { for (name in seen) print name, before[name] + 1, before[name] + seen[name] }' "$1"; }

failures=0
lost() {  # lost OPERATION CALL N WHAT
  failures=$((failures + 1))
  echo "$1: $2 number $3: $4"
  [ ! -s /run/faults/out ] || sed 's/^/    /' /run/faults/out | head -3
  [ ! -s /run/faults/difference ] || sed 's/^/    /' /run/faults/difference | head -8
  : >/run/faults/difference
}
is_like() { state >/run/faults/after && diff "$1" /run/faults/after >/run/faults/difference; }

# One run with the call failing (or killing) at its n-th time. $before and $clean are the states
# before the operation and without it.
try_point() {
  local operation=$1 call=$2 n=$3 error status
  error=$(error_of "$call")
  setup "$operation"
  local inject=error=$error
  [ "$kill" = 0 ] || inject=signal=KILL
  trace=(strace -f -qq -o /run/faults/trace -e "trace=$call" -e "inject=$call:$inject:when=$n$on" --)
  operation "$operation" >/run/faults/out 2>&1
  status=$?
  trace=()
  if [ "$kill" = 0 ] && ! grep -q INJECTED /run/faults/trace; then
    quietly ending "$operation"
    teardown "$operation"
    return 1
  fi
  tried=$((tried + 1))
  local was=$failures
  if [ "$kill" = 0 ] && [ "$status" != 0 ]; then
    # What cannot write cannot tell.
    if [ "$on$call" != +write ] && ! grep -q -E "$(words_of "$error")" /run/faults/out; then
      nameless=$((nameless + 1))
      [ -z "${FAULTS_VERBOSE:-}" ] || echo "$operation: $call number $n: the error has no cause: $(head -c 200 /run/faults/out)"
    fi
    [ -n "$on" ] || case $operation in
      *-add | netctl-run*) is_like /run/faults/before || lost "$operation" "$call" "$n" "left something behind" ;;
    esac
  fi
  if [ "$kill" = 0 ] && [ "$status" = 0 ]; then
    case $operation in
      tuning-del) ;;  # it does not stop the chain's DEL; the backup stays for the next one
      *-del | *-gc | *-rm)
        is_like /run/faults/clean || lost "$operation" "$call" "$n" "succeeds and leaves something"
        ;;
    esac
  fi
  case $operation in
    *-check)
      operation "$operation" >/run/faults/out 2>&1 ||
        lost "$operation" "$call" "$n" "CHECK behind it fails"
      ;;
  esac
  ending "$operation" >/run/faults/out 2>&1 || lost "$operation" "$call" "$n" "DEL behind it fails"
  is_like /run/faults/clean || lost "$operation" "$call" "$n" "it is not as it should be behind DEL"
  case $operation in
    *-add | netctl-run*)
      operation "$operation" >/run/faults/out 2>&1 || lost "$operation" "$call" "$n" "ADD behind it fails"
      quietly ending "$operation"
      ;;
  esac
  : >/run/faults/out
  teardown "$operation"
  if [ "$failures" = "$was" ]; then
    survived=$((survived + 1))
  elif [ "$operation" = netctl-gc-box ]; then  # what it lost would be missed at each point to come
    unbase "$operation"
    base "$operation"
    state >/run/faults/clean
  fi
}

total_tried=0 total_survived=0 total_nameless=0
printf '%-16s %8s %9s %15s\n' operation tried survived 'without a cause'
for operation in $OPERATIONS; do
  [ -z "$only" ] || [ "$only" = "$operation" ] || continue
  tried=0 survived=0 nameless=0 point=0
  # How it looks without, and which calls it makes.
  case $operation in
    netctl-run* | netctl-rm | netctl-gc-box)
      [ -x /bin/busybox ] || { echo "$operation: needs busybox-static" && continue; }
      [ -e /run/box ] || make_box
      ;;
  esac
  base "$operation"
  setup "$operation"
  state >/run/faults/before
  trace=(strace -f -qq -o /run/faults/clean-trace --)
  operation "$operation" >/run/faults/out 2>&1 || {
    echo "$operation: fails without any fault" && cat /run/faults/out
    failures=$((failures + 1)) trace=()
    quietly ending "$operation"
    teardown "$operation"
    unbase "$operation"
    continue
  }
  trace=()
  quietly ending "$operation"
  state >/run/faults/clean
  teardown "$operation"
  counts /run/faults/clean-trace >/run/faults/calls
  while read -r call first last; do
    [ -z "$calls" ] || [[ ,$calls, = *",$call,"* ]] || continue
    [ "$kill" = 1 ] || [ -n "$(error_of "$call")" ] || continue
    for n in $(seq "$first" "$last"); do
      point=$((point + 1))
      [ $((point % stride)) = 0 ] || continue
      try_point "$operation" "$call" "$n" || break
    done
  done </run/faults/calls
  unbase "$operation"
  printf '%-16s %8s %9s %15s\n' "$operation" "$tried" "$survived" "$nameless"
  total_tried=$((total_tried + tried))
  total_survived=$((total_survived + survived))
  total_nameless=$((total_nameless + nameless))
done
printf '%-16s %8s %9s %15s\n' all "$total_tried" "$total_survived" "$total_nameless"
[ "$failures" = 0 ]
