#!/usr/bin/env bash
# usage: scripts/launch.sh [OPTION]... N COMMAND [ARGUMENT]...
#
# Starts N processes of a command that share its work (train, train --prepare, evaluate), for example
#     scripts/launch.sh 2 build/release/actrec train configs/gesture-pairs.json
# and ends when all have. When one fails, the others see it and fail, too; the largest exit code is this script's.
# Everything is said by rank 0; warnings and errors of the others begin with [rank K].
#
# On several machines, run it on each of them, with the same N and
#   --machines M    how many there are
#   --machine K     which of them this is, from 0
#   --address HOST  machine 0, as the others reach it
#   --port PORT     a free one there (default 29500; on one machine a random one)
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 2
}

machines=1 machine=0 address=127.0.0.1 port=
while (($# > 0)); do
  case "$1" in
    -h | --help) usage && exit ;;
    --machines) machines=${2:-} && shift ;;
    --machine) machine=${2:-} && shift ;;
    --address) address=${2:-} && shift ;;
    --port) port=${2:-} && shift ;;
    -*) fail "unknown option '$1'; hint: scripts/launch.sh --help" ;;
    *) break ;;
  esac
  shift
done
(($# >= 2)) || fail "N and a command are needed; hint: scripts/launch.sh --help"
count=$1 && shift
for number in "$count" "$machines" "$machine" "${port:-1}"; do
  [[ "$number" =~ ^[0-9]{1,5}$ ]] || fail "'$number' is not a number; hint: scripts/launch.sh --help"
done
((count > 0 && machine < machines)) || fail "N counts from 1, and --machine from 0 to one less than --machines"

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
if [[ -z "$port" ]] && ((machines > 1)); then
  port=29500
fi
while [[ -z "$port" ]] || { ((machines == 1)) && is_taken "$port"; }; do
  port=$((20000 + RANDOM % 10000))
done
export MASTER_ADDR=$address MASTER_PORT=$port WORLD_SIZE=$((machines * count)) LOCAL_WORLD_SIZE=$count

declare -A processes # that have not ended, by their number
signal_all() { kill -s "$1" "${!processes[@]}" 2>/dev/null || true; }
trap 'signal_all INT' INT
trap 'signal_all TERM' TERM
for ((local_rank = 0; local_rank < count; ++local_rank)); do
  rank=$((machine * count + local_rank))
  if ((rank == 0)); then
    RANK=$rank LOCAL_RANK=$local_rank "$@" </dev/null &
  else
    RANK=$rank LOCAL_RANK=$local_rank "$@" </dev/null > >(sed -u "s/^/[rank $rank] /") 2> >(sed -u "s/^/[rank $rank] /" >&2) &
  fi
  processes[$!]=$rank
done

# The others see for themselves that one has ended; whoever does not is ended here.
grace_seconds=20 status=0
while ((${#processes[@]} > 0)); do
  code=0 ended=
  wait -n -p ended "${!processes[@]}" || code=$?
  [[ -n "$ended" ]] || continue # it was a signal to this script
  unset "processes[$ended]"
  if ((code != 0 && status == 0)); then
    (sleep "$grace_seconds" && signal_all KILL) &
    killer=$!
  fi
  ((code <= status)) || status=$code
done
[[ -z "${killer:-}" ]] || kill "$killer" 2>/dev/null || true
exit "$status"
