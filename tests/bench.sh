#!/usr/bin/env bash
# Benchmarks: figures of one run against each other, for no test depends on them.
#
#   tests/bench.sh
#
# What one signature costs through a module's worker process beside the direct call (docs/adr/0007-a-process-for-each-module.md).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../softhsm-setup/packages.sh
. "$root/softhsm-setup/packages.sh"
cd "$root"
require_packages softhsm2 opensc openssl
require_cargo
./softhsm-setup/setup.sh --keys 1 target/bench-token >/dev/null
set -a
# shellcheck source=/dev/null
. target/bench-token/uris.env
set +a
export SEALKEEPER_BIN=${CARGO_TARGET_DIR:-$root/target}/release
cargo build --quiet --release --locked --package seal-agent
cargo test --quiet --release --locked --package seal-agent -- --ignored --nocapture --exact \
  token::bench::one_signature_through_the_worker_beside_the_direct_call 2>&1 | grep '^bench:'
