#!/usr/bin/env bash
# usage: scripts/build.sh [PRESET] [CMAKE_BUILD_ARGUMENT]...
#
# Builds actrec into build/PRESET: release (the default), debug, asan, tsan or fuzz (needs Clang), with the LibTorch that
# scripts/setup.sh --torch chose. Further arguments go to 'cmake --build', for example: scripts/build.sh release --target actrec
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

# One job a core, but LibTorch's headers take up to 2 GB a compiler.
count_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 2000000) }' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}

preset=release
case "${1:-}" in
  -h | --help) usage && exit ;;
  release | debug | asan | tsan | fuzz) preset=$1 && shift ;;
  release-unity | asan-unity | tsan-unity) preset=$1 && shift ;; # for .ci/run and scripts/sanitize.sh
  "" | -*) ;;
  *) fail "unknown preset '$1'; hint: release, debug, asan, tsan or fuzz" ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for tool in cmake ninja g++; do
  command -v "$tool" >/dev/null || fail "$tool is not installed; hint: run scripts/setup.sh"
done

torch=$(cat build/torch 2>/dev/null || true)
export CMAKE_PREFIX_PATH=${torch:+$torch:}${CMAKE_PREFIX_PATH:-}
# Ninja reruns CMake by itself when a CMakeLists.txt changes, but not for the presets, nor for another LibTorch.
ninja_file=build/$preset/build.ninja
if [[ -f "$ninja_file" && build/torch -nt "$ninja_file" ]]; then
  rm -f "build/$preset/CMakeCache.txt" "$ninja_file"
fi
if [[ ! -f "$ninja_file" || CMakePresets.json -nt "$ninja_file" ]]; then
  cmake --preset "$preset"
fi
cmake --build --preset "$preset" -j "$(count_jobs)" "$@"
if [[ -x "build/$preset/actrec" ]]; then
  echo "built: $PWD/build/$preset/actrec"
fi
