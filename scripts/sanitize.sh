#!/usr/bin/env bash
# usage: scripts/sanitize.sh [asan|tsan]...
#
# Runs the tests that matter most under sanitizers, both where none is named: some ten minutes on two cores.
#   asan   addresses and undefined behaviour: core, config and data, and whatever reads files that others made; says
#          which share of the lines of these layers the tests reach
#   tsan   threads: core and data, where the threads are
# All unit tests: 'scripts/test.sh --preset asan' and 'tsan', which take far longer.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

sanitizers=()
for argument in "$@"; do
  case "$argument" in
    -h | --help) usage && exit ;;
    asan | tsan) sanitizers+=("$argument") ;;
    *) fail "unknown argument '$argument'; hint: scripts/sanitize.sh --help" ;;
  esac
done
((${#sanitizers[@]} > 0)) || sanitizers=(asan tsan)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source=$PWD
jobs=$(nproc)
# OpenMP's barriers are invisible to the thread sanitizer: one thread in LibTorch, our own threads as ever.
export OMP_NUM_THREADS=1
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"
export TSAN_OPTIONS="second_deadlock_stack=1:suppressions=$source/tests/sanitizers/tsan.supp"

# A "unity build", in a folder of its own: several sources at a time compile in a third of the time that they take
# one by one, but are slow to build again after a change. (GCC then takes unnamed namespaces for those of a
# header: -Wno-subobject-linkage.)
build() {
  "${launcher[@]}" scripts/build.sh "$preset" "${@/#/--target=}"
}

# One process a core runs its share of a program's tests: a start takes seconds under the thread sanitizer, so
# that ctest, with a process a test, would spend most of its time with them.
run_tests() {
  local program=test_$1 filter=${2:-*} shard pids=() failed=false
  echo "--- $program $filter"
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
  fail "$program fails under $preset"
}

run_asan() {
  local target
  build test_core test_config test_data test_models fuzz_{json_config,csv_list,cached_clip,pickle,safetensors,pytorch}
  run_tests core
  run_tests config
  # Whole videos, pixel by pixel, take minutes where each access is checked and counted; others read the same.
  run_tests data '-PerceptualHash.Finds*:*FullHd*:*ReducedFramesAgree*:ClipFacts.AgreeWith*:*WhatFfprobe*:*IsFfprobes'
  run_tests models 'Safetensors*:PytorchFile*:EncoderWeights*'
  for target in json_config csv_list cached_clip pickle safetensors pytorch; do
    "$folder/fuzz_$target" "tests/fuzz/corpus/$target" || fail "a seed of fuzz_$target fails under $preset"
  done
  gcovr --root . --filter 'src/(core|config|data)/' --print-summary --output "$folder/coverage.txt" "$folder"
  echo "address and undefined behaviour sanitizers: nothing found; coverage line by line: $folder/coverage.txt"
}

run_tsan() {
  # A thread that hangs in a clip is left behind and ends with the process, as the libraries that it was in do.
  local left_behind='*HangingClip*:*ThatHangs*'
  # What compares whole videos in one thread takes minutes under the thread sanitizer, which has nothing to say of it.
  local one_thread='PerceptualHash*:VideoReader*:VideoWalk*:YuvReduce*:AreaResize*:CachedClip*:*AgreeWithFfmpeg*:*WhatFfprobe*'
  # Older sanitizer runtimes do not start under strong address randomisation.
  if setarch --addr-no-randomize true 2>/dev/null; then
    launcher=(setarch --addr-no-randomize)
  fi
  build test_core test_data
  run_tests core
  run_tests data "-$one_thread:$left_behind"
  echo "thread sanitizer: nothing found"
}

scripts/setup.sh --tests --style
for sanitizer in "${sanitizers[@]}"; do
  preset=$sanitizer-unity folder=build/$sanitizer-unity launcher=()
  "run_$sanitizer"
done
