#!/usr/bin/env bash
# Builds the release of this commit twice, in directories of different names and lengths, under
# different clocks, languages and umasks, and compares all executables and packages byte by byte.
#   scripts/reproducible.sh          some minutes, 1 GB in TMPDIR
# Status: 0 they are the same, 1 they are not, 2 it could not be built.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
. scripts/packages.sh
# shellcheck disable=SC2086  # a list of names
install_packages $BUILD_PACKAGES || exit 2
[ -z "$(git status --porcelain)" ] || echo "what is not committed is not built" >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Nothing of the first build may be found by the second.
export CCACHE_DISABLE=1

build() {  # build DIRECTORY UMASK TIMEZONE JOBS
  (
    umask "$2"
    export TZ=$3
    git clone --quiet --no-hardlinks . "$1" && cd "$1" || exit 1
    git -c advice.detachedHead=false checkout --quiet "$commit" || exit 1
    cmake --preset release && nice cmake --build --preset release -j "$4" &&
      cpack --config build/release/CPackConfig.cmake -G DEB -B "$1/packages"
  ) >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    exit 2
  }
}
commit=$(git rev-parse HEAD)
one=$work/one two=$work/another/and/longer
build "$one" 022 UTC 2
build "$two" 077 Asia/Kathmandu 1

sums() {  # of everything that is handed out, by name
  (cd "$1" && find build/release/bin build/release/lib packages -maxdepth 2 -type f \
    \( -path '*/bin/*' -o -path '*/lib/*' -o -name '*.deb' \) -exec sha256sum {} + | sort -k 2)
}
if diff <(sums "$one") <(sums "$two"); then
  sums "$one"
  echo "the same bytes, twice"
else
  echo "these are not the same" >&2
  exit 1
fi
