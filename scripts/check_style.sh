#!/usr/bin/env bash
# usage: scripts/check_style.sh [--tidy] [SOURCE]...
#
# Checks the format of our sources (.clang-format), all of them where none is named; installs what it needs
# with apt.
#   --tidy   also what clang-tidy finds in them (.clang-tidy): some ten seconds a source and core
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

tidy=false
case "${1:-}" in
  -h | --help) usage && exit ;;
  --tidy) tidy=true && shift ;;
  -*) fail "unknown option '$1'; hint: scripts/check_style.sh --help" ;;
esac
sources=()
for source in "$@"; do
  [[ -f "$source" ]] || fail "$source does not exist"
  sources+=("$(realpath "$source")")
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh --style
((${#sources[@]} > 0)) || mapfile -t sources < <(git ls-files '*.h' '*.cpp')
((${#sources[@]} > 0)) || fail "git knows no sources here; hint: name them"

clang-format --dry-run -Werror "${sources[@]}" || fail "hint: clang-format -i brings these files into shape"
echo "format: ${#sources[@]} files are as they should be"
if $tidy; then
  cmake --preset tidy >/dev/null # only for the flags: nothing is built
  mapfile -t units < <(printf '%s\n' "${sources[@]}" | grep '\.cpp$')
  printf '%s\n' "${units[@]}" |
    xargs -P "$(nproc)" -n 1 clang-tidy -p build/tidy --quiet --warnings-as-errors='*' 2> >(grep -v ' warnings\? generated' >&2) ||
    fail "clang-tidy finds what must be mended"
  echo "clang-tidy: nothing found in ${#units[@]} sources"
fi
