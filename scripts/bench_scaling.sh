#!/usr/bin/env bash
# usage: scripts/bench_scaling.sh [--most N] [--epochs E] [TRAIN_ARGUMENT]... DATA
#
# Trains on DATA with 1, 2, 4, ... N processes on this machine, each with the same number of clips a step (so the clips of a
# step grow with the processes) and, on the CPU, one thread, and prints for each number
#   the frames/s of all processes together, in the median epoch after the first,
#   the speed-up over one process, the efficiency (the speed-up for each process), and
#   the share of the time in which processes waited for each other, communication included.
#   --most     N, by default the number of CUDA devices or, without any, of cores
#   --epochs   of each training (4)
# Further arguments, such as --set model.encoder.type=resnet18, go to `actrec train`.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

most='' epochs=4 arguments=()
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
while (($# > 0)); do
  case "$1" in
    -h | --help) usage && exit ;;
    --most | --epochs)
      (($# > 1)) || fail "$1 needs a value"
      declare "${1#--}=$2"
      shift
      ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
((${#arguments[@]} > 0)) || fail "DATA is needed; hint: scripts/bench_scaling.sh --help"
actrec=$root/build/release/actrec
[[ -x "$actrec" ]] || fail "$actrec does not exist; hint: scripts/build.sh"
devices=$(nvidia-smi --list-gpus 2>/dev/null | wc -l || true)
if [[ -z "$most" ]]; then
  most=$((devices > 0 ? devices : $(nproc)))
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
arguments+=(--set train.epochs="$epochs" --set train.early_stopping.patience=0 --set train.schedule.warmup_epochs=0
  --set data.cache_dir="$scratch/cache")
((devices > 0)) || arguments+=(--set threads=1)

echo "processes  frames/s  speed-up  efficiency  waiting"
for ((processes = 1; ; processes = processes * 2 < most ? processes * 2 : most)); do
  run=$scratch/run$processes
  "$root/scripts/launch.sh" "$processes" "$actrec" train "${arguments[@]}" --output "$run" >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    fail "training with $processes processes failed"
  }
  rate=$(tail -n +2 "$run/metrics.jsonl" | sed 's/.*"frames_per_second": *\([0-9.e+]*\).*/\1/' | sort -g |
    awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }')
  waiting=$(sed -n 's/.*processes: \([0-9.]* %\) of the time.*/\1/p' "$run/log.txt")
  single=${single:-$rate}
  awk -v n="$processes" -v rate="$rate" -v single="$single" -v waiting="${waiting:--}" \
    'BEGIN { printf "%9d  %8.0f  %8.2f  %10.2f  %7s\n", n, rate, rate / single, rate / single / n, waiting }'
  ((processes < most)) || break
done
