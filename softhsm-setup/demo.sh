#!/usr/bin/env bash
# The whole way once, on a fresh Debian machine with Rust: builds, makes a test token, starts the agent, stamps a contract,
# shows the journal and what two verifiers say. Can be run again and again.
#
#   softhsm-setup/demo.sh
#
# Leaves target/demo/stamped.pdf and, as a picture of the stamped page, target/demo/page.png.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=packages.sh
. "$root/softhsm-setup/packages.sh"

readonly SEAL=合同专用章
# Where 甲方 stamps in the demo's contract: the seal's centre from the top left of the last page.
readonly PLACE=page=last,x=66mm,y=88mm
demo=$root/target/demo
agent_pid=

main() {
  cd "$root"
  step '1/7  What is needed'
  require_packages softhsm2 opensc openssl poppler-utils libnss3-tools
  require_cargo
  mkdir -p "$demo"
  said 'SoftHSM, poppler and Rust are here'

  step '2/7  Build'
  quietly build cargo build --locked --package seal-agent --package sealkeeper-client
  PATH=${CARGO_TARGET_DIR:-$root/target}/debug:$PATH
  said 'seal-agent and seal are built'

  step '3/7  A token with two keys that cannot leave it'
  softhsm-setup/setup.sh "$demo/softhsm" | indented
  # shellcheck source=/dev/null
  . "$demo/softhsm/uris.env"

  step '4/7  The agent'
  make_home
  start_agent
  said "seal-agent runs, journal in ${home#"$root/"}"
  seal --socket "$socket" seals | indented

  step '5/7  Unlock for one use, and stamp'
  # The PIN goes through a descriptor, never by argument or environment.
  seal --socket "$socket" token unlock "$TOKEN_SERIAL" --uses 1 --pin-fd 3 3<<<"$TEST_PIN" | indented
  rm -f target/demo/stamped.pdf
  seal --socket "$socket" stamp softhsm-setup/demo/contract.pdf --seal "$SEAL" \
    --reason '采购合同 HT-2026-0317' --at "$PLACE" -o target/demo/stamped.pdf 2>&1 | indented

  step '6/7  The journal'
  seal --socket "$socket" log | indented

  step '7/7  What verifiers say'
  printf '  seal verify\n'
  seal verify "$demo/stamped.pdf" | indented
  printf '\n  pdfsig (poppler), told to trust the test CA\n'
  trust_test_ca
  pdfsig -nssdir "sql:$demo/nss" "$demo/stamped.pdf" 2>/dev/null | sed -n '/^Signature #/,$p' | indented

  draw_page
  step 'Done'
  said "target/demo/stamped.pdf   the stamped contract"
  said "target/demo/page.png      its stamped page"
}

step() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$1"; else printf '\n%s\n' "$1"; fi; }
said() { printf '  %s\n' "$1"; }
indented() { sed 's/^/  /'; }

# quietly NAME COMMAND...: what it prints goes to a log, which is shown only if it fails.
quietly() {
  local log=$demo/$1.log
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    exit 1
  fi
}

# The agent's home: made once, with this token's seals added to the configuration that `init` wrote.
make_home() {
  home=$demo/agent
  # sun_path holds 108 bytes; the repository's own path may be longer.
  run=$(mktemp -d)
  socket=$run/agent.sock
  if [ ! -f "$home/agent.toml" ] || ! grep -q "$TOKEN_SERIAL" "$home/agent.toml"; then
    rm -rf "$home"
    quietly init seal-agent init --solo --home "$home"
    configure >>"$home/agent.toml"
  fi
}

# configure: the module and the seals as TOML.
configure() {
  local pictures=$root/softhsm-setup/demo
  cat <<TOML

[[modules]]
name = "softhsm"
path = "$MODULE"
environment = { SOFTHSM2_CONF = "$SOFTHSM2_CONF" }
TOML
  # shellcheck disable=SC2153 # the URIs come from uris.env
  seal_entry official 公章 "$pictures/official-seal.png" "$KEY1_URI" "$CERT1_URI"
  # shellcheck disable=SC2153
  seal_entry contract 合同专用章 "$pictures/contract-seal.png" "$KEY2_URI" "$CERT2_URI"
}

# seal_entry ID NAME PICTURE KEY CERTIFICATE
seal_entry() {
  cat <<TOML

[[seals]]
id = "$1"
name = "$2"
unit = "示例科技有限公司"
picture = "$3"
width_mm = 40
height_mm = 40
key = "$4"
certificate = "$5"
issuers = ["$CA_PEM"]
TOML
}

start_agent() {
  trap stop_agent EXIT
  coproc AGENT { exec seal-agent run --home "$home" --socket "$socket" 2>"$demo/agent.log"; }
  # shellcheck disable=SC2153 # coproc sets it
  agent_pid=$AGENT_PID
  if ! read -r -t 30 <&"${AGENT[0]}"; then
    cat "$demo/agent.log" >&2
    printf 'seal-agent did not start\n' >&2
    exit 1
  fi
}

stop_agent() {
  if [ -n "$agent_pid" ]; then
    kill "$agent_pid" 2>/dev/null || true
    wait "$agent_pid" 2>/dev/null || true
  fi
  rm -rf "$run"
}

trust_test_ca() {
  rm -rf "$demo/nss"
  mkdir -p "$demo/nss"
  certutil -N -d "sql:$demo/nss" --empty-password
  certutil -A -d "sql:$demo/nss" -n sealkeeper-test-ca -t CT,C,C -i "$CA_PEM"
}

draw_page() {
  local pages
  pages=$(pdfinfo "$demo/stamped.pdf" 2>/dev/null | sed -n 's/^Pages: *//p')
  pdftoppm -r 150 -png -singlefile -f "$pages" -l "$pages" "$demo/stamped.pdf" "$demo/page"
}

main "$@"
