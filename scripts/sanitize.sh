#!/usr/bin/env bash
# usage: scripts/sanitize.sh
#
# Runs the unit tests of core and data, where the threads are, under the thread sanitizer: some five minutes on two
# cores. All unit tests, and other sanitizers: 'scripts/test.sh --preset tsan' and 'asan', which take far longer.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

case "${1:-}" in
  -h | --help) usage && exit ;;
  "") ;;
  *) fail "unknown argument '$1'; hint: scripts/sanitize.sh --help" ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source=$PWD
jobs=$(nproc)
# A thread that hangs in a clip is left behind and ends with the process, as the libraries that it was in do.
left_behind=':*HangingClipTest*'
# What compares whole videos in one thread takes minutes under the thread sanitizer, which has nothing to say of it.
one_thread='-PerceptualHash*:VideoReader*:VideoWalk*:YuvReduce*:AreaResize*:CachedClip*:*AgreeWithFfmpeg*:*WhatFfprobe*'

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
  "${launcher[@]}" scripts/build.sh tsan-unity "${@/#/--target=}"
}

# One process a core runs its share of a program's tests: a start takes seconds under the thread sanitizer, so
# that ctest, with a process a test, would spend most of its time with them.
run_tests() {
  local folder=build/tsan-unity program=test_$1 filter=${2:-*} shard pids=() failed=false
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
  fail "$program fails under the thread sanitizer"
}

scripts/setup.sh --tests
build test_core test_data
run_tests core
run_tests data "$one_thread$left_behind"
echo "thread sanitizer: nothing found"
