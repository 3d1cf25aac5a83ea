#!/usr/bin/env bash
# Adds and deletes again and again, and looks whether anything grows.
#   tests/faults/churn.sh              10000 rounds
#   tests/faults/churn.sh -n 500       500 rounds
# A round is an ADD and a DEL of one of eight containers on one network, with a published port that
# a connection is made to; a ninth one stays all the time. Counted before the first and after every
# hundredth round: links, rules and elements, files, connections that are tracked, the kernel's
# memory for objects that stay (SUnreclaim), and the size of the index. Measured are the programs of
# build/release (BUILD_DIR), in namespaces that are made for it. Status: 0 nothing grew, 1 something
# did, 2 it could not be run.
set -uo pipefail
cd "$(dirname "$0")/../.."

rounds=10000
while getopts n: option; do
  case $option in
    n) rounds=$OPTARG ;;
    *)
      echo "usage: tests/faults/churn.sh [-n ROUNDS]" >&2
      exit 2
      ;;
  esac
done

netctl=$(realpath "${BUILD_DIR:-build/release}")/bin/netctl
if [ -z "${CHURN_INSIDE:-}" ]; then
  [ "$(id -u)" = 0 ] || { echo "tests/faults/churn.sh: needs root" >&2 && exit 2; }
  [ -x "$netctl" ] || { echo "tests/faults/churn.sh: build $netctl first" >&2 && exit 2; }
  CHURN_INSIDE=1 exec unshare --net --mount --propagation private "$0" "$@"
fi

mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/state /run/config
ip link set lo up
export NETCTL_CNI_STATE_DIR=/run/state NETCONFPATH=/run/config
for i in 0 1 2 3 4 5 6 7 stays; do "$netctl" ns add "c$i" || exit 2; done
"$netctl" add bridge cstays -p 7000:80 >/dev/null || exit 2

connections() { cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null || echo 0; }
memory() { awk '/^SUnreclaim/ {print $2}' /proc/meminfo; }
# What has to be the same whenever nobody but the ninth is attached.
counts() {
  echo "links $(ip -o link | wc -l) rules $(nft list ruleset | wc -l)" \
    "files $(find /run/state /run/netctl -type f | wc -l) mounts $(wc -l </proc/self/mounts)" \
    "index $(stat -c %s /run/netctl/ipam/* | paste -sd+ | bc)"
}

# The bridge's and the store's first time is no growth.
"$netctl" add bridge c0 >/dev/null && "$netctl" del bridge c0
before=$(counts) memory_before=$(memory) status=0 begun=$SECONDS
echo "before: $before connections $(connections) memory $memory_before kB"
for ((round = 1; round <= rounds; ++round)); do
  name=c$((round % 8))
  "$netctl" add bridge "$name" -p 8080:80 >/dev/null || { status=1 && break; }
  # Nobody listens: the refusal comes from the container, and the flow is tracked.
  (: </dev/tcp/172.17.0.1/8080) 2>/dev/null
  "$netctl" del bridge "$name" || { status=1 && break; }
  [ $((round % 100)) = 0 ] || [ "$round" = "$rounds" ] || continue
  now=$(counts)
  [ "$now" = "$before" ] || { echo "round $round: $now" && status=1; }
  # Flows that end live on for a while; those of a round may not add up over a hundred.
  [ "$(connections)" -lt 400 ] || { echo "round $round: $(connections) connections" && status=1; }
  [ "$status" = 0 ] || break
done
echo "after $((round > rounds ? rounds : round)) rounds in $((SECONDS - begun)) s:" \
  "$(counts) connections $(connections) memory $(memory) kB"
exit $status
