#!/usr/bin/env bash
# How long one call of host-local takes with 10, 1,000 and 60,000 addresses in use: the median, in
# milliseconds, of calls that alternate between our plugin and the reference plugin, each on a store of
# its own. Needs the release build, and writes only below a temporary directory.
#   tests/bench/host-local.sh [rounds]
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-21}
ours=build/release/lib/cni/host-local
theirs=/usr/lib/cni/host-local
[ -x "$ours" ] || { echo "missing: cmake --preset release && cmake --build --preset release" >&2; exit 1; }
programs=(ours)
[ -x "$theirs" ] && programs+=(theirs)

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
export NETCTL_RUN_DIR=$directory/run CNI_PATH=/none CNI_IFNAME=eth0 CNI_NETNS=/proc/self/ns/net

# fill NAME COUNT: reservations in a row, as the reference plugin writes them
fill() {
  local store=$directory/$1/net i
  mkdir -p "$store"
  for ((i = 2; i < $2 + 2; i++)); do
    printf 'filler-%d\r\neth0' "$i" >"$store/10.0.$((i >> 8)).$((i & 255))"
  done
}

# call COMMAND NAME ID: the milliseconds that it took are added to the list COMMAND-NAME
call() {
  local config program=${!2} begin end
  config='{"cniVersion":"1.0.0","name":"net","ipam":{"type":"host-local","subnet":"10.0.0.0/16","dataDir":"'$directory/$2'"}}'
  begin=$EPOCHREALTIME
  CNI_COMMAND=$1 CNI_CONTAINERID=$3 "$program" <<<"$config" >/dev/null
  end=$EPOCHREALTIME
  echo $((${end/./} - ${begin/./})) >>"$directory/$1-$2"
}

median() { sort -n "$1" | awk '{v[NR] = $1} END {printf "%.2f", v[int((NR + 1) / 2)] / 1000}'; }

printf '%-10s %-8s %8s %8s %8s\n' addresses plugin ADD CHECK DEL
for count in 10 1000 60000; do
  for name in "${programs[@]}"; do
    fill "$name" "$count"
    call ADD "$name" first  # makes the index, which is not what is measured
    call DEL "$name" first
  done
  rm -f "$directory"/{ADD,CHECK,DEL}-*
  for ((round = 0; round < rounds; round++)); do
    for command in ADD CHECK DEL; do
      for name in "${programs[@]}"; do call $command "$name" "c$round"; done
    done
  done
  for name in "${programs[@]}"; do
    printf '%-10s %-8s %8s %8s %8s\n' "$count" "$name" "$(median "$directory/ADD-$name")" \
      "$(median "$directory/CHECK-$name")" "$(median "$directory/DEL-$name")"
  done
done
