#!/usr/bin/env bash
# Feeds the parsers with what libFuzzer makes up (tests/fuzz/target.hpp says what a target is).
#   tests/fuzz/run.sh                     every target for 3 seconds, but nft and nft-trace
#   tests/fuzz/run.sh -t 300              every target for 5 minutes
#   tests/fuzz/run.sh -t 300 rtnl nft     these targets; -l lists them
# Begins with tests/fuzz/corpus and keeps what it finds out in build/fuzz/corpus; an input that a
# parser does not survive is left in build/fuzz/found, and belongs into tests/fuzz/corpus together
# with what mends it. Prints how many inputs each target was given. Status: 0 all survived, 1 not
# all, 3 there is no clang.
set -uo pipefail
cd "$(dirname "$0")/../.."

seconds=3 list=0
while getopts t:l option; do
  case $option in
    t) seconds=$OPTARG ;;
    l) list=1 ;;
    *)
      echo "usage: tests/fuzz/run.sh [-t SECONDS] [-l] [TARGET]..." >&2
      exit 2
      ;;
  esac
done
shift $((OPTIND - 1))

command -v clang++ >/dev/null || {
  echo "tests/fuzz/run.sh: clang is not installed: apt-get install clang" >&2
  exit 3
}
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset fuzz "${launcher[@]}" >/dev/null || exit 1
cmake --build build/fuzz -j 2 --target fuzzer >build/fuzz/build.log 2>&1 || {
  tail -n 20 build/fuzz/build.log >&2
  exit 1
}
fuzzer=build/fuzz/tests/fuzz/fuzzer
[ "$list" = 0 ] || exec "$fuzzer"

mkdir -p build/fuzz/found
status=0
printf '%-20s %10s %8s\n' target inputs 'a second'
# Not unless they are named: libnftnl itself does not survive some messages that no kernel sends (a
# verdict without its code, a trace without its fields).
for target in ${*:-$("$fuzzer" | grep -v -x -e nft -e nft-trace)}; do
  mkdir -p "build/fuzz/corpus/$target"
  log=build/fuzz/$target.log
  # An input may be slow for the sanitizers, but not for seconds.
  # libnftnl loses what it was about to give where an input ends in it (fuzzer.cpp).
  leaks=1
  case $target in nft*) leaks=0 ;; esac
  FUZZ_TARGET=$target "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -max_len=4096 -detect_leaks=$leaks -print_final_stats=1 -print_funcs=0 -artifact_prefix="build/fuzz/found/$target-" \
    "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1 || {
    status=1
    echo "$target: an input was not survived; $log says more:"
    grep -E 'does not hold|ERROR|runtime error|SUMMARY|Test unit written' "$log" | sed 's/^/    /'
  }
  awk -v name="$target" '/number_of_executed_units/ {inputs = $2} /average_exec_per_sec/ {rate = $2}
    END {printf "%-20s %10d %8d\n", name, inputs, rate}' "$log"
done
exit $status
