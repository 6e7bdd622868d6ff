#!/usr/bin/env bash
# Makes a SoftHSM token for development, demo and tests: P-256 keys generated on it, each with a certificate of a small
# test CA. For tests only: its PIN is no secret.
#
#   softhsm-setup/setup.sh [--label LABEL] [--keys N] [DIR]
#
#   DIR      where everything lives; created where missing (default: target/softhsm beside this repository's sources)
#   --label  token label, CKA_LABEL rules of PKCS#11: at most 32 bytes (default: sealkeeper-dev)
#   --keys   number of key pairs, 1 to 9 (default: 2)
#
# Call it again with another label to add a token to the same directory. Running it twice changes nothing; an
# interrupted run is completed by the next one. It leaves in DIR:
#
#   softhsm2.conf   SOFTHSM2_CONF for whoever uses the token
#   tokens/         SoftHSM's own store
#   TEST_PIN        the user PIN, a test PIN
#   ca.pem, ca.key  the test CA
#   LABEL-1.pem …   the seal certificates
#   LABEL.env       shell variables: MODULE, SOFTHSM2_CONF, TEST_PIN, TOKEN_LABEL, TOKEN_SERIAL, CA_PEM and for each
#                   key n KEYn_URI, CERTn_URI (RFC 7512, path attributes only) and CERTn_PEM
#   uris.env        the same for the token that was made first
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=packages.sh
. "$here/packages.sh"

readonly COMPANY=示例科技有限公司
readonly SEALS=(公章 合同专用章 财务专用章 发票专用章 人事专用章 法定代表人章 业务专用章 项目专用章 档案专用章)
readonly DAYS=3650

main() {
  parse_arguments "$@"
  require_packages softhsm2 opensc openssl
  module=$(find_module)
  mkdir -p "$dir/tokens"
  chmod 700 "$dir"
  dir=$(cd "$dir" && pwd)
  # Two runs at once would make the token twice.
  exec 9>"$dir/.lock"
  flock 9

  [ -f "$dir/TEST_PIN" ] || printf '12345678\n' >"$dir/TEST_PIN"
  TEST_PIN=$(cat "$dir/TEST_PIN")
  export TEST_PIN SOFTHSM2_CONF="$dir/softhsm2.conf"
  write_conf
  make_ca
  make_token
  local n
  for n in $(seq "$keys"); do
    make_key "$n"
    make_certificate "$n"
  done
  write_env
  report
}

parse_arguments() {
  dir=$here/../target/softhsm
  label=sealkeeper-dev
  keys=2
  while [ $# -gt 0 ]; do
    case $1 in
      --label) label=${2:?--label needs a value}; shift 2 ;;
      --keys) keys=${2:?--keys needs a value}; shift 2 ;;
      -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
      -*) printf 'unknown option %s; see --help\n' "$1" >&2; exit 2 ;;
      *) dir=$1; shift ;;
    esac
  done
  # The label becomes part of a URI and of file names as it stands.
  [[ $label =~ ^[A-Za-z0-9_-]{1,32}$ ]] || { printf 'the label may hold letters, digits, - and _ only, 32 at most\n' >&2; exit 2; }
  [[ $keys =~ ^[1-9]$ ]] || { printf '%s\n' '--keys takes a number from 1 to 9' >&2; exit 2; }
}

find_module() {
  local path
  for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    [ -f "$path" ] && { printf '%s\n' "$path"; return; }
  done
  printf 'libsofthsm2.so is not where Debian puts it\n' >&2
  exit 3
}

write_conf() {
  cat >"$dir/softhsm2.conf" <<CONF
directories.tokendir = $dir/tokens
objectstore.backend = file
log.level = ERROR
slots.removable = false
CONF
}

make_ca() {
  [ -f "$dir/ca.pem" ] && return
  (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/ca.key" 2>/dev/null)
  cat >"$dir/ca.cnf" <<CONF
[req]
distinguished_name = name
x509_extensions = profile
[name]
[profile]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
CONF
  openssl req -x509 -new -config "$dir/ca.cnf" -key "$dir/ca.key" -sha256 -days "$DAYS" -utf8 \
    -subj '/C=CN/O=Sealkeeper 测试/CN=Sealkeeper 测试根证书 (test CA)' -out "$dir/ca.pem.new"
  mv "$dir/ca.pem.new" "$dir/ca.pem"
}

make_token() {
  token_serial=$(serial_of_token)
  if [ -z "$token_serial" ]; then
    softhsm2-util --init-token --free --label "$label" --pin "$TEST_PIN" --so-pin "$TEST_PIN" >/dev/null
    token_serial=$(serial_of_token)
  fi
}

# PKCS#11 serial number of the token called $label; empty if there is none.
serial_of_token() {
  tool -L | awk -v want="$label" '
    /^ *token label *:/ { sub(/^[^:]*: */, ""); label = $0 }
    /^ *serial num *:/ { sub(/^[^:]*: */, ""); if (label == want) print; label = "" }'
}

# make_key N: key pair N is generated on the token, and what makes it fit for a seal is read back from the token.
make_key() {
  local id=0$1 found access
  found=$(objects privkey "$id")
  if [ -z "$found" ]; then
    on_token --keypairgen --key-type EC:prime256v1 --id "$id" --label "seal-$1" --sensitive --usage-sign >/dev/null
    found=$(objects privkey "$id")
  fi
  access=$(sed -n 's/^ *Access: *//p' <<<"$found")
  if [ "$access" != "sensitive, always sensitive, never extractable, local" ]; then
    printf 'key %s of token %s is not as required, but: %s\n' "$id" "$label" "$access" >&2
    exit 1
  fi
}

# make_certificate N: the key proves that it answers for its public half, the CA certifies that, and the certificate
# is imported beside the key with the same CKA_ID.
make_certificate() {
  local id=0$1 pem=$dir/$label-$1.pem found work
  found=$(objects cert "$id")
  if [ -z "$found" ]; then
    work=$(mktemp -d "$dir/.making.XXXXXX")
    tool --token-label "$label" --read-object --type pubkey --id "$id" --output-file "$work/public.der" >/dev/null
    openssl pkey -pubin -inform DER -in "$work/public.der" -out "$work/public.pem"
    prove_possession "$id" "$work"
    cat >"$work/profile" <<PROFILE
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
PROFILE
    # The request only carries the name in UTF-8; the key in the certificate is the one on the token.
    openssl req -new -config "$dir/ca.cnf" -utf8 -key "$dir/ca.key" \
      -subj "/C=CN/O=$COMPANY/OU=${SEALS[$1 - 1]}/CN=$COMPANY" -out "$work/name.csr"
    openssl x509 -req -in "$work/name.csr" -force_pubkey "$work/public.pem" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
      -sha256 -days "$DAYS" -extfile "$work/profile" -out "$work/certificate.pem" 2>/dev/null
    openssl verify -CAfile "$dir/ca.pem" "$work/certificate.pem" >/dev/null
    openssl x509 -in "$work/certificate.pem" -outform DER -out "$work/certificate.der"
    cp "$work/certificate.pem" "$pem"
    on_token --write-object "$work/certificate.der" --type cert --id "$id" --label "seal-$1" >/dev/null
    rm -rf "$work"
  fi
  [ -f "$pem" ] || tool --token-label "$label" --read-object --type cert --id "$id" | openssl x509 -inform DER -out "$pem"
}

# prove_possession ID WORK: the private key signs a fresh challenge that its public half verifies.
prove_possession() {
  openssl rand -out "$2/challenge" 64
  openssl dgst -sha256 -binary -out "$2/digest" "$2/challenge"
  on_token --sign --mechanism ECDSA --id "$1" --signature-format openssl \
    --input-file "$2/digest" --output-file "$2/signature" >/dev/null
  openssl dgst -sha256 -verify "$2/public.pem" -signature "$2/signature" "$2/challenge" >/dev/null
}

write_env() {
  local n uri="pkcs11:token=$label;serial=$token_serial"
  {
    printf '# Written by softhsm-setup/setup.sh. For tests only.\n'
    printf 'MODULE=%q\nSOFTHSM2_CONF=%q\n' "$module" "$SOFTHSM2_CONF"
    printf 'TEST_PIN=%q\nTOKEN_LABEL=%q\nTOKEN_SERIAL=%q\nCA_PEM=%q\n' "$TEST_PIN" "$label" "$token_serial" "$dir/ca.pem"
    for n in $(seq "$keys"); do
      printf "KEY%d_URI='%s;id=%%0%d;type=private'\n" "$n" "$uri" "$n"
      printf "CERT%d_URI='%s;id=%%0%d;type=cert'\n" "$n" "$uri" "$n"
      printf 'CERT%d_PEM=%q\n' "$n" "$dir/$label-$n.pem"
    done
  } >"$dir/$label.env.new"
  mv "$dir/$label.env.new" "$dir/$label.env"
  if [ ! -f "$dir/uris.env" ] || grep -qxF "TOKEN_LABEL=$label" "$dir/uris.env"; then
    cp "$dir/$label.env" "$dir/uris.env"
  fi
}

report() {
  printf 'token %s, serial %s, test PIN %s\n' "$label" "$token_serial" "$TEST_PIN"
  sed -n "s/^\(KEY\|CERT\)\([0-9]\)_URI='\(.*\)'/  \3/p" "$dir/$label.env"
}

# tool ARGUMENT...: pkcs11-tool on the SoftHSM module, quiet unless it fails.
tool() {
  local noise=$dir/.pkcs11-tool.log
  if ! pkcs11-tool --module "$module" "$@" 2>"$noise"; then
    cat "$noise" >&2
    printf 'pkcs11-tool failed: %s\n' "$*" >&2
    return 1
  fi
}

# on_token ARGUMENT...: the same, logged in as the user. The PIN goes by environment, not by argument.
on_token() { tool --token-label "$label" --login --pin env:TEST_PIN "$@"; }

# objects TYPE ID: what the token says of its objects of that type and CKA_ID; empty if there is none. Older pkcs11-tool
# lists every object of the type, whatever --id says, so the blocks are picked here.
objects() {
  on_token --list-objects --type "$1" | awk -v want="$2" '
    /^[^ ]/ { if (hit) printf "%s", block; block = ""; hit = 0 }
    { block = block $0 "\n" }
    /^ *ID: / && $2 == want { hit = 1 }
    END { if (hit) printf "%s", block }'
}

main "$@"
