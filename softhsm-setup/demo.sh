#!/usr/bin/env bash
# The whole way once, on a fresh Debian machine with Rust: builds, makes a test token and the keys of five people, applies for a seal,
# makes and issues it, asks for a contract to be stamped, approves it with another person's key, reviews it, stamps it, and shows the
# journal and what two verifiers say. Everything is made anew each time.
#
#   softhsm-setup/demo.sh
#
# Leaves target/demo/stamped.pdf and, as a picture of the stamped page, target/demo/page.png.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=packages.sh
. "$root/softhsm-setup/packages.sh"

readonly UNIT=示例科技有限公司 SEAL=合同专用章
# Where 甲方 stamps in the demo's contract: the seal's centre from the top left of the last page.
readonly PLACE=page=last,x=66mm,y=88mm
# Everybody's passphrase. People choose their own and type it; it goes through a descriptor, never by argument or environment.
readonly PASSPHRASE=only-for-the-demo
demo=$root/target/demo
agent_pid=

main() {
  cd "$root"
  step '1/9  What is needed'
  require_packages softhsm2 opensc openssl poppler-utils libnss3-tools
  require_cargo
  mkdir -p "$demo"
  said 'SoftHSM, poppler and Rust are here'

  step '2/9  Build'
  quietly build cargo build --locked --package seal-agent --package sealkeeper-client
  PATH=${CARGO_TARGET_DIR:-$root/target}/debug:$PATH
  said 'seal-agent and seal are built'

  step '3/9  A token with keys that cannot leave it, and a key for each person'
  softhsm-setup/setup.sh "$demo/softhsm" | indented
  # shellcheck source=/dev/null
  . "$demo/softhsm/uris.env"
  make_keys

  step '4/9  The agent, rooted in the seal office'
  make_home
  start_agent
  said "seal-agent runs, journal in ${home#"$root/"}"

  step '5/9  Policy and people: acts of the seal office'
  says office policy approve "$home/policy.toml"
  register head 周正 "$UNIT" --role unit-head
  register applicant 李雷 "$UNIT" --role applicant
  register approver 韩梅 "$UNIT" --role approver
  # Whoever runs the agent on this machine keeps the seal.
  register custodian 赵敏 "$UNIT" --role custodian --uid "$(id -u)"

  step '6/9  A seal: applied for, approved, reviewed, made, issued, received'
  local picture=softhsm-setup/demo/contract-seal.png
  says applicant seals apply contract --name "$SEAL" --kind contract --unit "$UNIT" --purpose 签订合同 \
    --class ordinary --class important --custodian custodian --picture "$picture" --size 40x40
  says head seals approve contract
  says office seals review contract --physical none
  # shellcheck disable=SC2153 # the URIs come from uris.env
  says office seals make contract --picture "$picture" --certificate "$CERT2_PEM" \
    --key-uri "$KEY2_URI" --certificate-uri "$CERT2_URI" --valid-until "$(date -d '+300 days' +%F)"
  says office seals issue contract --identity-kind 居民身份证 --identity-last 123X
  unlock
  says custodian seals receive contract
  says office people grant applicant --seal contract --class ordinary --copies 2 --uses-per-day 10 --until "$(date -d '+300 days' +%F)"
  call seals show contract | indented

  step '7/9  A request, approved by another person'
  says applicant request softhsm-setup/demo/contract.pdf --seal "$SEAL" --class ordinary --reason '采购合同 HT-2026-0317' \
    --at "$PLACE" --applicant applicant
  request=$(call requests --json | sed -n 's/.*"request_id": *"\([^"]*\)".*/\1/p' | head -n 1)
  says approver approve "$request" --document softhsm-setup/demo/contract.pdf

  step '8/9  The custodian reviews it, and stamps'
  call review "$request" | indented
  unlock
  rm -f "$demo/stamped.pdf"
  call stamp "$request" --yes --document softhsm-setup/demo/contract.pdf -o "$demo/stamped.pdf" 2>&1 | indented

  step '9/9  The journal, and what verifiers say'
  call log | indented
  printf '\n  seal verify\n'
  seal verify "$demo/stamped.pdf" | indented
  printf '\n  pdfsig (poppler), told to trust the test CA\n'
  trust_test_ca
  pdfsig -nssdir "sql:$demo/nss" "$demo/stamped.pdf" 2>/dev/null | sed -n '/^Signature #/,$p' | indented

  draw_page
  step 'Done'
  said "target/demo/stamped.pdf   the stamped contract"
  said "target/demo/page.png      its stamped page"
}

# call COMMAND...: of whoever sits at this machine.
call() { seal --socket "$socket" "$@"; }

# says PERSON COMMAND...: an act, signed with that person's key.
says() {
  local person=$1
  shift
  call "$@" --person "$person" --key "$keys/$person.key" --passphrase-fd 3 --yes 3<<<"$PASSPHRASE" 2>&1 | indented
}

# register PERSON NAME UNIT OPTIONS...
register() {
  local person=$1 name=$2 unit=$3
  shift 3
  says office people register "$person" --name "$name" --unit "$unit" --public-key "$keys/$person.key.pub" "$@"
}

unlock() {
  call token unlock "$TOKEN_SERIAL" --uses 1 --pin-fd 3 3<<<"$TEST_PIN" | indented
}

make_keys() {
  keys=$demo/keys
  rm -rf "$keys"
  mkdir -p -m 700 "$keys"
  local person
  for person in office head applicant approver custodian; do
    seal key new "$keys/$person.key" --passphrase-fd 3 3<<<"$PASSPHRASE" >/dev/null
  done
  said 'office, head, applicant, approver and custodian have a key each'
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

# The agent's home, made anew.
make_home() {
  home=$demo/agent
  # sun_path holds 108 bytes; the repository's own path may be longer.
  run=$(mktemp -d)
  socket=$run/agent.sock
  rm -rf "$home"
  quietly init seal-agent init --office-key "$keys/office.key.pub" --office-id office --office-name 王芳 --home "$home"
  configure "$home/agent.toml"
}

# configure FILE: the module, and the issuer of the seals' certificates.
configure() {
  sed -i "s|^# issuers = \\[\"ca.pem\"\\]\$|issuers = [\"$CA_PEM\"]|" "$1"
  cat >>"$1" <<TOML

[[modules]]
name = "softhsm"
path = "$MODULE"
environment = { SOFTHSM2_CONF = "$SOFTHSM2_CONF" }
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
