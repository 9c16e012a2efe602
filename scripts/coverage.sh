#!/usr/bin/env bash
# usage: scripts/coverage.sh [LAYER]...
#
# Which lines and branches of each layer its unit tests run: builds the tests into build/coverage, runs each
# program once, and prints a table; build/coverage/report/index.html shows every line. All layers where none is
# named (core, config, data, demo, models, engine, report). Installs gcovr with apt where it is missing.
# What only the end-to-end tests run, the command line above all, is not counted.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; }
fail() {
  echo "error: $*" >&2
  exit 1
}

layers=()
for argument in "$@"; do
  case "$argument" in
    -h | --help) usage && exit ;;
    core | config | data | demo | models | engine | report) layers+=("$argument") ;;
    *) fail "unknown layer '$argument'; hint: scripts/coverage.sh --help" ;;
  esac
done
((${#layers[@]} > 0)) || layers=(core config data demo models engine report)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$PWD/build/coverage

scripts/setup.sh --tests
if ! command -v gcovr >/dev/null; then
  install=(apt-get -qq -y install --no-install-recommends gcovr)
  if ((EUID != 0)); then install=(sudo "${install[@]}"); fi
  "${install[@]}" || fail "gcovr is not installed; hint: apt-get install gcovr"
fi

# Without optimisation a line is counted where it stands.
scripts/build.sh coverage "${layers[@]/#/--target=test_}"

find "$folder" -name '*.gcda' -delete # of an earlier run
for layer in "${layers[@]}"; do
  echo "--- test_$layer"
  XDG_CACHE_HOME=$folder/test-cache OMP_WAIT_POLICY=passive "$folder/test_$layer" --gtest_brief=1
done

# Branches that only exceptions take are left out: nearly every call has one.
mkdir -p "$folder/report"
gcovr --root . --filter src/ --exclude-throw-branches --exclude-unreachable-branches --gcov-ignore-parse-errors \
  -j "$(nproc)" "$folder" --json-summary "$folder/coverage.json" --html-details "$folder/report/index.html" --print-summary
python3 - "$folder/coverage.json" "${layers[@]}" <<'PYTHON'
import json, sys

files = json.load(open(sys.argv[1]))["files"]
print(f"{'layer':10}{'lines':>8}{'run':>8}{'':>8}{'branches':>11}{'run':>8}")
for layer in sys.argv[2:]:
    own = [file for file in files if file["filename"].startswith(f"src/{layer}/")]
    lines, run = (sum(file[f"line_{what}"] for file in own) for what in ("total", "covered"))
    branches, taken = (sum(file[f"branch_{what}"] for file in own) for what in ("total", "covered"))
    print(
        f"{layer:10}{lines:8}{run:8}{100 * run / max(lines, 1):7.1f}%{branches:11}{taken:8}"
        f"{100 * taken / max(branches, 1):7.1f}%"
    )
PYTHON
echo "line by line: $folder/report/index.html"
