#!/usr/bin/env bash
# usage: scripts/check_style.sh [--tidy | --tidy-risky] [SOURCE]...
#
# Checks the format of our sources (.clang-format), all of them where none is named; installs what it needs
# with apt.
#   --tidy        also what clang-tidy finds in them (.clang-tidy), with the flags of the release build, which
#                 must at least be configured; half an hour for all of them
#   --tidy-risky  the same, but of all sources only those where a slip does most harm: minutes
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

tidy=false only_risky=false
case "${1:-}" in
  -h | --help) usage && exit ;;
  --tidy) tidy=true && shift ;;
  --tidy-risky) tidy=true only_risky=true && shift ;;
  -*) fail "unknown option '$1'; hint: scripts/check_style.sh --help" ;;
esac
sources=()
for source in "$@"; do
  [[ -f "$source" ]] || fail "$source does not exist"
  sources+=("$(realpath "$source")")
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Where a slip does most harm: core, which all layers stand on, what reads files that nobody vouches for, and
# what threads share. A list, since what has changed is not to be told in a clone without history.
risky=(src/core/*.cpp
  src/config/{config_file,json_reader,json_text,values}.cpp
  src/data/{bad_clips,cached_clip,cache_directory,csv,folder_dataset,frame_cache,frame_codec,frame_conversion}.cpp
  src/data/{frame_decoder,frame_folder,input_list,kinetics_dataset,list_dataset,live_video,loader,manifest}.cpp
  src/data/{official_splits,video_file,yuv_reduce}.cpp
  src/models/{encoder_weights,pickle,pytorch_file,safetensors,torchscript_encoder,zip_index}.cpp)

scripts/setup.sh --style
if $only_risky; then sources+=("${risky[@]}"); fi
((${#sources[@]} > 0)) || mapfile -t sources < <(git ls-files '*.h' '*.cpp')
((${#sources[@]} > 0)) || fail "git knows no sources here; hint: name them"

clang-format --dry-run -Werror "${sources[@]}" || fail "hint: clang-format -i brings these files into shape"
echo "format: ${#sources[@]} files are as they should be"
if $tidy; then
  database=build/release
  [[ -f "$database/compile_commands.json" ]] || fail "there is no release build; hint: scripts/build.sh"
  printf '%s\n' "${sources[@]}" | grep '\.cpp$' |
    xargs -P "$(nproc)" -n 1 clang-tidy -p "$database" --quiet --warnings-as-errors='*' ||
    fail "clang-tidy finds what must be mended"
fi
