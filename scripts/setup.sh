#!/usr/bin/env bash
# usage: scripts/setup.sh [--tests] [--style]
#
# Installs with apt what actrec needs (Debian 12, Debian 13, Ubuntu 24.04); does nothing when all is there.
#   --tests   also what the tests need: ffmpeg, Google Benchmark, PyTorch, torchvision, NumPy and OpenCV for Python, Chromium
#             (where apt has it), and a virtual environment, build/test-venv, with safetensors and tensorboard from PyPI
#   --style   also what scripts/check_style.sh needs
#
# To build with another LibTorch, such as one for CUDA, set CMAKE_PREFIX_PATH=/path/to/libtorch here and
# for scripts/build.sh; libtorch-dev is then left out.
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
  libopenblas0-openmp # LSTMs run several times faster than on the reference BLAS
)
torch_packages=(libtorch-dev libgloo-dev) # LibTorch's c10d headers include gloo's
test_packages=(ffmpeg libbenchmark-dev python3-torch python3-torchvision python3-numpy python3-opencv python3-packaging python3-venv)
optional_test_packages=(chromium) # Ubuntu's apt has it as a snap only
style_packages=(clang-format clang-tidy)
pypi_packages=(safetensors==0.7.0 tensorboard==2.20.0 protobuf==6.33.0 absl-py==2.3.1) # the last two: what reading events needs

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
      "libtorch-dev, unpack another LibTorch and set CMAKE_PREFIX_PATH (see --help)"
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

with_tests=false
extra_packages=()
for argument in "$@"; do
  case "$argument" in
    --tests) with_tests=true ;;
    --style) extra_packages+=("${style_packages[@]}") ;;
    -h | --help) usage && exit ;;
    *) fail "unknown argument '$argument'; hint: scripts/setup.sh --help" ;;
  esac
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v apt-get >/dev/null ||
  fail "this system has no apt; hint: install the equivalents of ${build_packages[*]} and" \
    "LibTorch yourself, then run scripts/build.sh"

packages=("${build_packages[@]}" "${extra_packages[@]}")
if [[ ! -f "${CMAKE_PREFIX_PATH:-}/share/cmake/Torch/TorchConfig.cmake" ]]; then
  packages+=("${torch_packages[@]}")
fi
if $with_tests; then
  packages+=("${test_packages[@]}")
  for package in "${optional_test_packages[@]}"; do
    if available "$package"; then packages+=("$package"); fi
  done
fi
install_packages "${packages[@]}"
report_blas
if $with_tests; then
  make_test_venv
fi
