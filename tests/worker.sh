#!/usr/bin/env bash
# What a module's worker does to the keys of a real token: seal-agent's own tests that need one, with the module that misbehaves to order in
# between. SEALKEEPER_BIN: where the workspace was built.
#
#   tests/worker.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../softhsm-setup/packages.sh
. "$root/softhsm-setup/packages.sh"
cd "$root"
require_packages softhsm2 opensc openssl
require_cargo
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
./softhsm-setup/setup.sh --keys 3 "$folder/token" >/dev/null
set -a
# shellcheck source=/dev/null
. "$folder/token/uris.env"
SEALKEEPER_REAL_MODULE=$MODULE
MODULE=${SEALKEEPER_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug}/libsealkeeper_fault_module.so
SEALKEEPER_FAULTS=$folder/faults.toml
set +a
cargo test --package seal-agent --locked -- --ignored token::worker::on_softhsm
