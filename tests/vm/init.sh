#!/bin/sh
# Runs in the virtual machine: each line of /tests, "name<TAB>command", in a process of its own.
export PATH=/usr/sbin:/usr/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
echo 0 >/proc/sys/kernel/printk
# The rest the kernel loads itself when it is asked for; these show what is missing at once.
for module in bridge br_netfilter veth 8021q dummy nf_tables nft_chain_nat nft_fib_inet nft_ct; do
  modprobe "$module" 2>/dev/null || echo "vm: module $module does not load"
done

# Three quarters of what it takes to start and end a program with sanitizers, which the emulation
# makes a second.
export ASAN_OPTIONS=report_globals=0:detect_leaks=0

# report NAME OUTCOME SECONDS: as ctest does it.
report() {
  printf '%3d/%d Test #%d: %s ...%s %s sec\n' "$number" "$total" "$number" "$1" "$2" "$3"
}

echo 'vm: begin'
echo "kernel $(uname -r)"
status=0
number=0
total=$(wc -l </tests)
while IFS='	' read -r name command; do
  number=$((number + 1))
  began=$(date +%s)
  timeout 240 sh -c "$command" >/tmp/output 2>&1 </dev/null
  result=$?
  seconds=$(($(date +%s) - began))
  if [ $result != 0 ]; then
    report "$name" '***Failed  ' $seconds
    cat /tmp/output
    status=1
  elif grep -q '\[  SKIPPED \]' /tmp/output; then
    report "$name" '***Skipped  ' $seconds
    grep -A 1 ': Skipped$' /tmp/output | tail -n 1
  else
    report "$name" '   Passed  ' $seconds
  fi
done </tests
echo "vm: end $status"
sync
echo o >/proc/sysrq-trigger
sleep 60
