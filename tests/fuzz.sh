#!/usr/bin/env bash
# Lets libFuzzer search for inputs that break a property of what is read from outside. Needs what tests/run.sh needs.
#
#   tests/fuzz.sh [TARGET [SECONDS]]
#
# TARGET is a folder of tests/fuzz/seeds; without it, one after the other is run. SECONDS is 600 by default. What is learned stays in
# target/fuzz/corpus. An input that breaks a property is kept as target/fuzz/found/TARGET-…, and the script ends with 1. To mend it:
#
#   FUZZ_TARGET=TARGET cargo run --package sealkeeper-fuzz FILE
#
# and then keep the file as tests/fuzz/seeds/TARGET/found-WHAT, where `cargo test` replays it from then on.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../softhsm-setup/packages.sh
. "$root/softhsm-setup/packages.sh"
readonly MEMORY_MB=1024 SECONDS_PER_INPUT=25 LONGEST=20000

main() {
  local target targets=() seconds=${2:-600} failed=()
  cd "$root/tests/fuzz"
  for target in seeds/*/; do
    targets+=("$(basename "$target")")
  done
  if [ $# -gt 2 ] || { [ $# -ge 1 ] && [ ! -d "seeds/$1" ]; } || ! [[ $seconds =~ ^[0-9]+$ ]]; then
    printf 'usage: tests/fuzz.sh [%s [SECONDS]]\n' "$(IFS='|' && printf '%s' "${targets[*]}")" >&2
    exit 2
  fi
  [ $# -eq 0 ] || targets=("$1")
  require_cargo
  # libFuzzer is C++.
  require_packages g++
  build
  for target in "${targets[@]}"; do
    search "$target" "$seconds" || failed+=("$target")
  done
  if [ ${#failed[@]} -gt 0 ]; then
    printf 'found something: %s; see target/fuzz/found\n' "${failed[*]}" >&2
    exit 1
  fi
}

# The compiler counts which edges are taken and which values are compared; --target keeps this out of what runs while building.
build() {
  local host coverage
  host=$(rustc -vV | sed -n 's/^host: //p')
  coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
  coverage+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
  out=$root/target/fuzz
  RUSTFLAGS=$coverage cargo build --quiet --package sealkeeper-fuzz --bin sealkeeper-fuzz --features libfuzzer --locked \
    --profile fuzz --target "$host" --target-dir "$out/build"
  fuzzer=$out/build/$host/fuzz/sealkeeper-fuzz
}

# search TARGET SECONDS: one line of figures, or the end of what libFuzzer said.
search() {
  local log=$out/$1.log dictionary=()
  mkdir -p "$out/corpus/$1" "$out/found"
  case $1 in
    strict_reader | inspection | revision_writer) dictionary=(-dict=dictionaries/pdf.dict) ;;
    record_parser | cms_parser) dictionary=("-dict=dictionaries/$1.dict") ;;
  esac
  if ! FUZZ_TARGET=$1 "$fuzzer" -max_total_time="$2" -timeout="$SECONDS_PER_INPUT" -rss_limit_mb="$MEMORY_MB" -max_len="$LONGEST" \
    -artifact_prefix="$out/found/$1-" -print_final_stats=1 "${dictionary[@]}" "$out/corpus/$1" "seeds/$1" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    return 1
  fi
  printf '%s: %s s, %s executions, nothing found\n' "$1" "$2" "$(awk '/number_of_executed_units/ { print $2 }' "$log")"
}

main "$@"
