#!/usr/bin/env bash
# usage: scripts/sanitize.sh [tsan] [asan]
#
# Runs under sanitizers the unit tests that these have most to say about; all unit tests are run by
# 'scripts/test.sh --preset tsan' and 'asan', which takes far longer. Both where none is named.
#   tsan   threads: core and data
#   asan   addresses, leaks, undefined behaviour in what reads files that nobody vouches for: config, data, the
#          readers of weights in models, and the fuzz targets with their seeds
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

legs=()
for argument in "$@"; do
  case "$argument" in
    -h | --help) usage && exit ;;
    tsan | asan) legs+=("$argument") ;;
    *) fail "unknown argument '$argument'; hint: tsan or asan" ;;
  esac
done
((${#legs[@]} > 0)) || legs=(tsan asan)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source=$PWD
jobs=$(nproc)
# What compares whole videos in one thread takes minutes under the thread sanitizer, which has nothing to say of it.
# A thread that hangs in a clip is left behind and ends with the process, as the libraries that it was in do.
left_behind=':*HangingClipTest*'
one_thread='-PerceptualHash*:VideoReader*:VideoWalk*:YuvReduce*:AreaResize*:CachedClip*:*AgreeWithFfmpeg*:*WhatFfprobe*'
weights='Safetensors*:Pickle*:PytorchFile*:EncoderWeights*:TorchScriptEncoder*'

# The leak checker needs ptrace, which containers may forbid; it then says so and fails.
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1"
export LSAN_OPTIONS="suppressions=$source/tests/sanitizers/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"
export TSAN_OPTIONS="second_deadlock_stack=1:suppressions=$source/tests/sanitizers/tsan.supp"
# OpenMP's barriers are invisible to the thread sanitizer: one thread in LibTorch, our own threads as ever.
export OMP_NUM_THREADS=1
launcher=()
# Older sanitizer runtimes do not start under strong address randomisation.
if setarch --addr-no-randomize true 2>/dev/null; then
  launcher=(setarch --addr-no-randomize)
fi

# A "unity build", in a folder of its own: several sources at a time compile in a third of the time that they take
# one by one, but are slow to build again after a change. (GCC then takes unnamed namespaces for those of a
# header: -Wno-subobject-linkage.)
build() {
  local preset=$1-unity
  shift
  "${launcher[@]}" scripts/build.sh "$preset" "${@/#/--target=}"
}

# One process a core runs its share of a program's tests: a start takes seconds under the thread sanitizer, so
# that ctest, with a process a test, would spend most of its time with them.
run_tests() {
  local folder=build/$1-unity program=test_$2 filter=${3:-*} shard pids=() failed=false
  echo "--- $1: $program $filter"
  for ((shard = 0; shard < jobs; ++shard)); do
    XDG_CACHE_HOME=$source/$folder/test-cache GTEST_TOTAL_SHARDS=$jobs GTEST_SHARD_INDEX=$shard \
      "${launcher[@]}" "$folder/$program" --gtest_brief=1 --gtest_filter="$filter" >"$folder/$program.$shard.log" 2>&1 &
    pids+=($!)
  done
  for shard in "${!pids[@]}"; do
    wait "${pids[$shard]}" || failed=true
  done
  tail -n 2 "$folder/$program".*.log
  $failed || return 0
  cat "$folder/$program".*.log
  fail "$program fails under $1"
}

run_seeds() {
  local folder=build/$1-unity target
  shift
  for target in "$@"; do
    echo "--- $target"
    "${launcher[@]}" "$folder/fuzz_$target" "tests/fuzz/corpus/$target" || fail "fuzz_$target fails"
  done
}

scripts/setup.sh --tests
for leg in "${legs[@]}"; do
  case "$leg" in
    tsan)
      build tsan test_core test_data
      run_tests tsan core
      run_tests tsan data "$one_thread$left_behind"
      ;;
    asan)
      targets=(json_config csv_list cached_clip pickle safetensors pytorch)
      build asan test_config test_data test_models "${targets[@]/#/fuzz_}"
      run_tests asan config
      run_tests asan data
      run_tests asan models "$weights"
      run_seeds asan "${targets[@]}"
      ;;
  esac
done
echo "sanitizers: nothing found by ${legs[*]}"
