#!/usr/bin/env bash
# usage: scripts/setup.sh [--torch apt|pip[==VERSION]|PATH] [--tests] [--style]
#
# Installs with apt what actrec needs (Debian 12, Debian 13, Ubuntu 24.04); does nothing when all is there.
#   --torch   the LibTorch that scripts/build.sh uses from now on: apt's (the default), that of PyPI's torch wheel with its
#             CUDA libraries (version 2.7 or later, in a virtual environment, build/torch-venv: some 5 GB), or one
#             that was unpacked at PATH
#   --tests   also what the tests need: ffmpeg, Google Benchmark, PyTorch, torchvision, NumPy and OpenCV for Python, Chromium
#             (where apt has it), and a virtual environment, build/test-venv, with safetensors and tensorboard from PyPI
#   --style   also what scripts/check_style.sh and scripts/sanitize.sh need
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
note() { echo "setup: $*"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

build_packages=(
  cmake ninja-build g++ ccache
  libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev libopencv-videoio-dev
  libavformat-dev libavcodec-dev libswscale-dev libavutil-dev libxxhash-dev
  libcli11-dev libspdlog-dev nlohmann-json3-dev libgtest-dev
  libjemalloc-dev     # memory that the network frees is used again, where glibc's would grow without end
  libgloo-dev         # LibTorch's headers for several processes include gloo's
)
apt_torch_packages=(libtorch-dev libopenblas0-openmp) # LSTMs run several times faster than on the reference BLAS
pip_torch_packages=(python3-venv)
test_packages=(ffmpeg libbenchmark-dev python3-torch python3-torchvision python3-numpy python3-opencv python3-packaging python3-venv)
optional_test_packages=(chromium # Ubuntu's apt has it as a snap only
  gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good gstreamer1.0-plugins-bad) # a network camera
style_packages=(clang-format clang-tidy gcovr)
pypi_packages=(safetensors==0.7.0 onnxruntime==1.20.1
  tensorboard==2.20.0 protobuf==6.33.0 absl-py==2.3.1) # the last two: what reading events needs

installed() { [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }
available() { [[ "$(apt-cache policy "$1")" =~ Candidate:\ [^\(] ]]; }
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "installing packages needs root; hint: run scripts/setup.sh as root, or install sudo"
  fi
}

install_packages() {
  local missing=() package
  for package in "$@"; do
    installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    note "all $# packages are installed"
    return
  fi
  note "installing with apt: ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
  as_root "${apt[@]}" update || note "warning: apt-get update failed; going on with the lists of before"
  local absent=()
  for package in "${missing[@]}"; do
    available "$package" || absent+=("$package")
  done
  ((${#absent[@]} == 0)) ||
    fail "apt has no package ${absent[*]}; hint: on Ubuntu run 'add-apt-repository universe'; in place of" \
      "libtorch-dev, take another LibTorch with --torch (see --help)"
  as_root "${apt[@]}" -y install --no-install-recommends "${missing[@]}"
}

# Debian picks the fastest BLAS installed unless somebody chose one by hand.
report_blas() {
  local link name architecture
  for link in /usr/lib/*-linux-gnu*/libblas.so.3; do
    name=$(basename "$(dirname "$(readlink -f "$link")")")
    architecture=$(basename "$(dirname "$link")")
    if [[ "$name" == blas ]]; then
      note "warning: LibTorch will use the reference BLAS, which is several times slower; hint:" \
        "choose OpenBLAS with 'update-alternatives --config libblas.so.3-$architecture'"
    else
      note "BLAS: $name"
    fi
  done
}

# Where the torch package of build/torch-venv is.
wheel_path() {
  build/torch-venv/bin/python -c "from importlib.util import find_spec
print(find_spec('torch').submodule_search_locations[0])"
}

# $1: '', or '==VERSION'.
make_torch_venv() {
  local venv=build/torch-venv installed
  installed=$("$venv/bin/python" -c "from importlib.metadata import version; print(version('torch'))" 2>/dev/null || true)
  if [[ -n "$installed" && ("$1" == "" || "$1" == "==${installed%%+*}") ]]; then
    note "$venv has torch $installed"
    return
  fi
  note "making $venv with torch$1 and its CUDA libraries from PyPI"
  /usr/bin/python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --retries 2 --no-cache-dir "torch$1" ||
    fail "pip cannot install torch$1; hint: '$venv/bin/pip index versions torch' lists the versions"
}

# Writes the choice of --torch, a path or nothing for apt's, to where scripts/build.sh looks.
choose_torch() {
  local path=""
  case "$1" in
    apt) ;;
    pip*) make_torch_venv "${1#pip}" && path=$(wheel_path) ;;
    *)
      path=$(realpath "$1")
      [[ -f "$path/include/ATen/ATen.h" ]] || fail "--torch $1: there is no include/ATen/ATen.h in it; hint: name the folder 'libtorch' itself"
      ;;
  esac
  if [[ ! -f build/torch || "$(cat build/torch)" != "$path" ]]; then
    mkdir -p build
    echo "$path" >build/torch
  fi
  note "LibTorch: ${path:-that of apt}"
}

make_test_venv() {
  local venv=build/test-venv
  local check="from importlib.metadata import version
for package in '${pypi_packages[*]}'.split():
    name, wanted = package.split('==')
    assert version(name) == wanted"
  if "$venv/bin/python" -c "$check" 2>/dev/null; then
    note "$venv has ${pypi_packages[*]}"
    return
  fi
  note "making $venv with ${pypi_packages[*]} from PyPI"
  /usr/bin/python3 -m venv --clear --system-site-packages "$venv"
  "$venv/bin/pip" install --quiet --retries 2 --no-deps "${pypi_packages[@]}" ||
    note "warning: could not install them; the tests that read checkpoints and events from Python will skip"
}

with_tests=false torch=
extra_packages=()
while (($# > 0)); do
  case "$1" in
    --torch)
      torch=${2:-}
      [[ "$torch" =~ ^(apt|pip(==[0-9.]+)?|.*/.*)$ ]] || fail "--torch '$torch'; hint: apt, pip, pip==VERSION, or a path with a /"
      [[ "$torch" != */* ]] || torch=$(realpath "$torch")
      shift
      ;;
    --tests) with_tests=true ;;
    --style) extra_packages+=("${style_packages[@]}") ;;
    -h | --help) usage && exit ;;
    *) fail "unknown argument '$1'; hint: scripts/setup.sh --help" ;;
  esac
  shift
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# What was chosen before stays chosen.
if [[ -z "$torch" ]]; then
  torch=$(cat build/torch 2>/dev/null || true)
  torch=${torch:-apt}
fi
command -v apt-get >/dev/null ||
  fail "this system has no apt; hint: install the equivalents of ${build_packages[*]} and" \
    "LibTorch yourself, then run scripts/build.sh"

packages=("${build_packages[@]}" "${extra_packages[@]}")
case "$torch" in
  apt) packages+=("${apt_torch_packages[@]}") ;;
  pip*) packages+=("${pip_torch_packages[@]}") ;;
esac
if $with_tests; then
  packages+=("${test_packages[@]}")
  for package in "${optional_test_packages[@]}"; do
    if available "$package"; then packages+=("$package"); fi
  done
fi
install_packages "${packages[@]}"
choose_torch "$torch"
if [[ "$torch" == apt ]]; then
  report_blas
fi
if $with_tests; then
  make_test_venv
fi
