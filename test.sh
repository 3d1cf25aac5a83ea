#!/usr/bin/env bash
# Builds everything in the dev preset (warnings are errors, sanitizers on) and runs the tests.
#   ./test.sh          all: unit tests, the Debian packages on a minimal Debian, then system tests as
#                      root (of VLANs and cgroups v2 in a virtual machine where this one has none)
#   ./test.sh unit     only what needs no root and no network namespace
# Further arguments go to ctest: ./test.sh all -R Firewall
set -uo pipefail
cd "$(dirname "$0")"
. scripts/packages.sh

what=${1:-all}
[ $# -gt 0 ] && shift
case $what in
  all | unit) ;;
  *)
    echo "usage: ./test.sh [all|unit] [ctest options]" >&2
    exit 2
    ;;
esac

packages="$BUILD_PACKAGES $TEST_PACKAGES"
[ "$what" = unit ] || packages="$packages $LAB_PACKAGES"
# shellcheck disable=SC2086  # a list of names
install_packages $packages || exit 1
# shellcheck disable=SC2086
[ "$what" = unit ] || install_packages $CLIENT_PACKAGES ||
  echo "the tests with those of them that are missing are skipped" >&2

launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset dev "${launcher[@]}" >/dev/null || exit 1
cmake --build --preset dev || exit 1

log=build/dev/test.log
again=build/dev/again.log
details=build/dev/details.log  # what the tests said themselves; each run of ctest begins its own anew
brief() { grep -v -E '^ +Start |Passed +[0-9.]+ sec$'; }
run() {  # run LABEL: one kind of tests; their output is kept for the count at the end
  local label=$1
  shift
  ctest --test-dir build/dev -L "^$label\$" -j 2 --output-on-failure --no-tests=error "$@" \
    2>&1 | tee -a "$log" | brief
  local result=${PIPESTATUS[0]}
  cat build/dev/Testing/Temporary/LastTest.log >>"$details"
  [ "$result" != 0 ] || return 0
  # A busy machine can make a packet too late for a test. One that fails alone too has no such excuse,
  # and one that does not is named at the end.
  echo "once more, those that failed, one at a time:"
  ctest --test-dir build/dev --rerun-failed -j 1 --output-on-failure --no-tests=error 2>&1 | tee -a "$again" | brief
  return "${PIPESTATUS[0]}"
}

: >"$log"
: >"$again"
: >"$details"
status=0
run unit "$@" || status=1
# The packages, on a minimal Debian. Whoever asks for certain tests asks for these by their script.
# Before the system tests, some of which look at the release build that is made for them.
if [ "$what" = all ] && [ $# = 0 ]; then
  echo "the Debian packages, on a minimal Debian:"
  tests/packages/run.sh
  case $? in
    0 | 3) ;;
    *) status=1 ;;
  esac
fi
if [ "$what" = all ]; then
  run system "$@" || status=1
fi
# What this machine cannot show, on one that can; 3 is a machine that cannot be had here.
has_cgroup2() { grep -q -w memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; }
is_short() {
  grep -q -E 'Vlan.*Skipped' "$log" ||
    { grep -q -E 'system\.Limits\..*Passed' "$log" && ! has_cgroup2; }
}
if [ "$what" = all ] && is_short; then
  echo "the tests of VLANs, flow tables and cgroups v2, on Debian's kernel in a virtual machine:"
  tests/vm/run.sh 2>&1 | tee -a "$log" | grep -v -E ' Passed +[0-9.]+ sec$'
  case ${PIPESTATUS[0]} in
    0 | 3) ;;
    *) status=1 ;;
  esac
fi
count() { grep -c -E "^ *[0-9]+/[0-9]+ Test .*$1" "$2"; }
readonly failure='\*\*\*(Failed|Timeout|Exception|Not Run)|Subprocess aborted'
passed=$(count ' Passed ' "$log")
skipped=$(count 'Skipped ' "$log")
failed=$(count "$failure" "$log")
unsteady=$(count ' Passed ' "$again")
if [ "$skipped" -gt 0 ]; then
  echo
  echo "skipped, and why:"
  # GoogleTest prints the reason after the place.
  awk '/^[0-9]+\/[0-9]+ Test: /{test=$3} /: Skipped$/{getline reason; print "  " test ": " reason}' \
    "$details"
fi
# What clients of plugins took with ours and with the reference ones (tests/clients).
times=$(sed -n 's/^time: /  /p' "$details")
[ -z "$times" ] || printf '\ntimes of others'"'"' programs, medians, taken in turn:\n%s\n' "$times"
echo
echo "$((passed + failed + skipped)) tests ran"
echo "$passed passed, $failed failed, $skipped skipped"
if [ "$unsteady" -gt 0 ]; then
  echo "$unsteady of those that failed passed alone:"
  sed -n -E 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+).* Passed .*/  \1/p' "$again"
fi
exit $status
