#!/usr/bin/env bash
# Runs every test, or one part of them. Installs what is missing; needs Rust and nothing else on Debian.
#
#   tests/run.sh [PART]
#
#   unit     every crate's own tests, the judges' own, and what they say of each signature algorithm
#   e2e      real daemon, real SoftHSM, clients in Rust and Python
#   corpus   stamps every file of ../shared/corpus (or $SEALKEEPER_CORPUS) and lets four judges decide; skipped where absent
#   hostile  has a daemon with its default policy decide on some 450 PDFs that lie, loop, explode, hide or act; see tests/hostile
#   crash    kills the daemon under load 50 times
#   rules    people × roles × states × actions over gRPC: every cell done, or refused for the right reasons
#   faults   tokens that crash, hang, lock, vanish and come back: a table of cases, with a healthy second module beside each
#
# and, only when it is asked for,
#
#   agree    what we see of the pages of the same files, and what poppler and MuPDF see; skipped where they are absent
#   soak     10,000 stamps while the token's worker is killed every second
#
# Each part ends with one line of figures. What a part printed is in target/logs/PART.log; a failing part shows it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../softhsm-setup/packages.sh
. "$root/softhsm-setup/packages.sh"
readonly PARTS=(unit e2e corpus hostile crash rules faults)
readonly KNOWN=("${PARTS[@]}" agree soak)

main() {
  local part parts=("${PARTS[@]}") failed=()
  cd "$root"
  if [ $# -gt 1 ] || { [ $# -eq 1 ] && ! known "$1"; }; then
    printf 'usage: tests/run.sh [%s]\n' "$(IFS='|' && printf '%s' "${KNOWN[*]}")" >&2
    exit 2
  fi
  [ $# -eq 0 ] || parts=("$1")
  prepare
  for part in "${parts[@]}"; do
    run "$part" || failed+=("$part")
  done
  if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[*]}" >&2
    exit 1
  fi
}

known() { [[ " ${KNOWN[*]} " == *" $1 "* ]]; }

prepare() {
  require_packages softhsm2 opensc openssl poppler-utils qpdf libnss3-tools python3 python3-venv
  require_cargo
  mkdir -p target/logs
  # Where the daemon and the command line are; the tests are told, so that CARGO_TARGET_DIR may point elsewhere.
  export SEALKEEPER_BIN=${CARGO_TARGET_DIR:-$root/target}/debug
  logged build cargo build --workspace --locked
  python=$(tests/venv.sh)
}

# run PART: its last line is its line of figures.
run() {
  case $1 in
    unit) logged unit unit && figures unit ;;
    e2e) logged e2e e2e && figures e2e ;;
    agree) logged agree agree && shown agree ;;
    hostile) logged hostile "$python" tests/hostile_files.py && shown hostile ;;
    corpus | crash) logged "$1" "$python" "tests/$1.py" && shown "$1" ;;
    rules | faults | soak) logged "$1" cargo test --package sealkeeper-tests --locked --test "$1" && shown "$1" ;;
  esac
}

unit() {
  cargo test --workspace --locked --no-fail-fast --exclude sealkeeper-tests &&
    (cd tests && "$python" -m unittest discover --pattern 'test_*.py')
}

e2e() {
  cargo test --package sealkeeper-tests --locked --no-fail-fast --lib --test e2e &&
    tests/worker.sh &&
    (cd tests && "$python" -m unittest discover --pattern 'e2e_*.py')
}

agree() {
  cargo build --package sealkeeper-view --locked --example look &&
    "$python" tests/agree.py
}

# logged NAME COMMAND...: the command's output goes to target/logs/NAME.log; if it fails, the end of it is shown.
logged() {
  local log=target/logs/$1.log
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 60 "$log" >&2
    printf '… the whole of it is in %s\n' "$log" >&2
    return 1
  fi
}

# The sums over what cargo (`test result: ok. 3 passed; 0 failed; …`) and unittest (`Ran 3 tests`) said.
figures() {
  awk -v part="$1" '
    /^test result:/ { passed += $4; failed += $6; ignored += $8 }
    /^Ran [0-9]+ tests?/ { passed += $2 }
    END { printf "%s: %d passed, %d failed, %d ignored\n", part, passed, failed, ignored }' "target/logs/$1.log"
}

# The last lines of a part that reports in its own words.
shown() { tail -n 1 "target/logs/$1.log"; }

main "$@"
