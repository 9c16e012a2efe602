#!/usr/bin/env bash
# usage: scripts/bench_vs_peer.sh [--cold | --frozen | --compute] [OPTION]... DATA
#
# Trains the same network (an encoder averaged over the frame, LSTM with 256 units) on DATA, a folder of videos per
# class, with actrec and with a PyTorch program, by turns, and prints the frames/s of both and their ratios. The
# PyTorch program takes the arguments
#   DATA --encoder ENCODER --frames T --size PIXELS --batch B --epochs E --workers N --device DEVICE
# and prints a JSON line with "frames_per_s" for each epoch.
#   --cold    the first epoch, actrec with an empty frame cache and the peer with --tuned; by default the median
#             of the second and third, with a filled cache
#   --frozen  a ResNet-18 that does not learn in place of small_cnn, both with random weights: once its features
#             are kept, actrec trains on them alone
#   --compute the training step alone, on a batch that is there, of the peer with --tuned --synthetic 40
#   --pairs   how often each runs (3)
#   --frames, --size, --batch, --encoder   of both (16, 112, 8, small_cnn)
#   --device  of both (cpu); on any other the peer is --tuned
#   --set     KEY=VALUE, for actrec alone, such as train.precision=bf16, which a tuned peer has on CUDA
#   --peer    the program (../shared/bench/peer_train.py), and --python what runs it (/usr/bin/python3)
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

cold=false frozen=false compute=false pairs=3 frames=16 size=112 batch=8 encoder=small_cnn device=cpu data=
python=/usr/bin/python3 our_options=() peer_options=()
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
peer=$root/../shared/bench/peer_train.py
while (($# > 0)); do
  case "$1" in
    -h | --help) usage && exit ;;
    --cold) cold=true ;;
    --frozen) frozen=true ;;
    --compute) compute=true ;;
    --pairs | --frames | --size | --batch | --encoder | --device | --peer | --python)
      (($# > 1)) || fail "$1 needs a value"
      declare "${1#--}=$2"
      shift
      ;;
    --set)
      (($# > 1)) || fail "$1 needs a value"
      our_options+=(--set "$2")
      shift
      ;;
    -*) fail "unknown option '$1'; hint: scripts/bench_vs_peer.sh --help" ;;
    *) data=$1 ;;
  esac
  shift
done
[[ -d "$data" ]] || fail "DATA must be a folder of videos per class; hint: scripts/bench_vs_peer.sh --help"
[[ -f "$peer" ]] || fail "$peer does not exist; hint: --peer SCRIPT"
actrec=$root/build/release/actrec
[[ -x "$actrec" ]] || fail "$actrec does not exist; hint: scripts/build.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
epochs=3
if $cold; then epochs=1; fi
if $cold || $compute || [[ "$device" != cpu ]]; then peer_options+=(--tuned); fi
if $compute; then peer_options+=(--synthetic 40); fi
if $frozen; then
  encoder=resnet18
  our_options+=(--set model.encoder.trainable=none --set model.encoder.batch_norm=frozen --set train.feature_views=1)
  peer_options+=(--frozen)
fi

median() { sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
# The rates of the epochs that count: the only one, or all but the first.
counting() { if $cold || $compute; then cat; else tail -n +2; fi; }

actrec() {
  "$actrec" "$1" "$data" --quiet --device "$device" --set data.cache_dir="$scratch/cache" \
    --set data.split.by=random --set data.split.val=0.05 --set data.split.test=0 \
    --set clip.frames="$frames" --set clip.size="$size" --set train.batch_size="$batch" \
    --set model.encoder.type="$encoder" --set model.encoder.grid=1 "${our_options[@]}" \
    --set train.epochs="$epochs" --set train.schedule.warmup_epochs=0 "${@:2}" \
    2>"$scratch/actrec.log" || fail "actrec failed: $(tail -n 3 "$scratch/actrec.log")"
}

run_actrec() {
  if $compute; then
    actrec bench --json | sed -n 's/.*"compute_fps": \([0-9.e+]*\).*/\1/p'
    return
  fi
  ! $cold || rm -rf "$scratch/cache"
  rm -rf "$scratch/run"
  actrec train --output "$scratch/run" >/dev/null
  sed 's/.*"frames_per_second":\([0-9.e+]*\).*/\1/' "$scratch/run/metrics.jsonl" | counting | median
}

run_peer() {
  "$python" "$peer" "$data" --encoder "$encoder" --frames "$frames" --size "$size" --batch "$batch" \
    --epochs "$epochs" --workers "$(nproc)" --device "$device" "${peer_options[@]}" 2>"$scratch/peer.log" >"$scratch/peer.jsonl" ||
    fail "the peer failed: $(tail -n 3 "$scratch/peer.log")"
  sed -n 's/.*"frames_per_s": \([0-9.]*\).*/\1/p' "$scratch/peer.jsonl" | counting | median
}

$cold || $compute || run_actrec >/dev/null # fills the cache
echo "actrec and peer, frames/s:"
for ((pair = 1; pair <= pairs; ++pair)); do
  ours=$(run_actrec) || exit 1
  theirs=$(run_peer) || exit 1
  ratio=$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }')
  printf '%10.1f %10.1f   ratio %s\n' "$ours" "$theirs" "$ratio"
  echo "$ratio" >>"$scratch/ratios"
done
echo "median ratio $(median <"$scratch/ratios")"
