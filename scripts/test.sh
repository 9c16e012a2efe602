#!/usr/bin/env bash
# usage: scripts/test.sh [--preset release|debug|asan|tsan] [--layers LAYER,...] [--torch TORCH] [CTEST_ARGUMENT]...
#
# Installs what the tests need, builds and runs them: all of them with the release preset, the unit tests
# with any other. Further arguments go to ctest, for example: scripts/test.sh -R data
#   --layers   only the unit tests and fuzz targets of these layers (core, config, data, demo, models, engine,
#              report), and only what they need is built
#   --torch    the LibTorch to build with, from now on (scripts/setup.sh --help)
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

preset=release layers= setup_arguments=(--tests)
while (($# > 0)); do
  case "$1" in
    -h | --help) usage && exit ;;
    --preset)
      preset=${2:-}
      shift 2 || fail "--preset needs a name; hint: release, debug, asan or tsan"
      ;;
    --layers)
      layers=${2:-}
      shift 2 || fail "--layers needs names; hint: core,data"
      ;;
    --torch)
      setup_arguments+=(--torch "${2:-}")
      shift 2 || fail "--torch needs a name; hint: apt, pip, pip==VERSION or a path"
      ;;
    *) break ;;
  esac
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."

select_tests=() build_arguments=()
[[ "$preset" == release ]] || select_tests=(-L unit)
if [[ -n "$layers" ]]; then
  select_tests=(-R "^(fuzz\.)?(${layers//,/|})\.")
  for layer in ${layers//,/ }; do build_arguments+=(--target "tests_of_$layer"); done
fi
launcher=()
case "$preset" in
  asan)
    ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1"
    UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"
    export ASAN_OPTIONS UBSAN_OPTIONS OMP_NUM_THREADS=1
    ;;
  tsan)
    TSAN_OPTIONS="second_deadlock_stack=1:suppressions=$PWD/tests/sanitizers/tsan.supp"
    # OpenMP's barriers are invisible to the sanitizer: one thread in LibTorch, our own threads as ever.
    export TSAN_OPTIONS OMP_NUM_THREADS=1
    # Older sanitizer runtimes do not start under strong address randomisation.
    if setarch --addr-no-randomize true 2>/dev/null; then
      launcher=(setarch --addr-no-randomize)
    fi
    ;;
esac

scripts/setup.sh "${setup_arguments[@]}"
"${launcher[@]}" scripts/build.sh "$preset" "${build_arguments[@]}" # runs the test programs once, to list their tests
"${launcher[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --timeout 900 \
  -j "$(nproc)" "${select_tests[@]}" "$@"
