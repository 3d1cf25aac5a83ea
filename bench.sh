#!/usr/bin/env bash
# Measures netctl beside its peers and the kernel's own floor, in namespaces of its own, and prints
# one table. All rows take long; a whole run writes docs/performance.json and docs/performance.svg.
#   ./bench.sh                        everything
#   ./bench.sh --list                 the rows
#   ./bench.sh --rows chain --rounds 11
set -euo pipefail
cd "$(dirname "$0")"
. scripts/packages.sh

if [ "$(id -u)" != 0 ]; then
  echo "bench.sh: making network namespaces takes root: sudo ./bench.sh" >&2
  exit 1
fi
# shellcheck disable=SC2086  # lists of names
install_packages $BUILD_PACKAGES $PEER_PACKAGES || exit 1

launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset release -DNETCTL_BENCH=ON "${launcher[@]}" >/dev/null
cmake --build --preset release >&2

# Some rows are not the whole: what is in docs/ stays.
files=(--json docs/performance.json --svg docs/performance.svg)
case " $* " in
  *" --rows "* | *" --list "*) files=() ;;
esac
exec build/release/bin/bench "${files[@]}" "$@"
