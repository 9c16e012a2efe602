#!/usr/bin/env bash
# usage: scripts/quickstart.sh
#
# From nothing to a prediction: installs what is missing, builds actrec, renders a small labelled video
# set into data/demo, trains on it, evaluates the checkpoint on the test split and predicts on a clip
# that training never saw. Nothing of an earlier run is overwritten.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }

step() {
  current=$*
  printf '\n== %s\n' "$*"
}

free_run_directory() {
  local directory=runs/demo number=2
  while [[ -e "$directory" ]]; do
    directory=runs/demo-$((number++))
  done
  echo "$directory"
}

# first_field KEY JSON: the value of the first "KEY" in the document.
first_field() {
  local pattern="\"$1\": *\"?([^\",}[:space:]]*)"
  [[ "$2" =~ $pattern ]] && echo "${BASH_REMATCH[1]}"
}

percent() { awk -v value="$1" 'BEGIN { printf "%.1f%%", 100 * value }'; }

case "${1:-}" in
  "") ;;
  -h | --help) usage && exit ;;
  *) echo "error: unknown argument '$1'; hint: scripts/quickstart.sh --help" >&2 && exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
actrec=build/release/actrec
current="starting"
trap 'echo "error: the quickstart stopped at \"$current\"; the message above says why" >&2' ERR

step "1/6 Set-up"
scripts/setup.sh
step "2/6 Build"
scripts/build.sh release --target actrec

step "3/6 Demo data"
if [[ -f data/demo/clips.csv ]]; then # published last, so the set is complete
  echo "data/demo is there already"
else
  "$actrec" demo data/demo
fi

run=$(free_run_directory)
checkpoint=$run/best.safetensors
step "4/6 Training ($run)"
"$actrec" train configs/demo.json --output "$run"

step "5/6 Evaluation on the test split"
"$actrec" evaluate "$checkpoint"
evaluation=$("$actrec" evaluate "$checkpoint" --json)

step "6/6 Prediction on a clip that training never saw"
IFS=, read -r clip label < <(awk -F, '
  NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
  $column["split"] == "test" { print $column["path"] "," $column["label"]; exit }' data/demo/clips.csv)
clip=data/demo/$clip
"$actrec" predict "$checkpoint" "$clip"
prediction=$("$actrec" predict "$checkpoint" "$clip" --json)

cat <<SUMMARY

== Done in $((SECONDS / 60)) min $((SECONDS % 60)) s
demo data       data/demo ($(($(wc -l <data/demo/clips.csv) - 1)) clips)
run directory   $run
checkpoint      $checkpoint
frame cache     ${XDG_CACHE_HOME:-$HOME/.cache}/actrec/frames
test top-1      $(percent "$(first_field top1 "$evaluation")") of $(first_field clips "$evaluation") clips
prediction      $(first_field label "$prediction"), probability $(percent "$(first_field probability "$prediction")")
                $clip, labelled $label

Next, with your own videos (a folder per class):
  $actrec train PATH
  $actrec predict runs/YOUR_RUN/best.safetensors VIDEO
SUMMARY
