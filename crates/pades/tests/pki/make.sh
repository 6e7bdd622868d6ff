#!/bin/sh
# Makes the certificates the tests sign with: a root, two P-256 signers under it, and an RSA signer (a kind of key this
# crate refuses to sign with). Keys for tests only. Run it again only to renew them.
set -eu
cd "$(dirname "$0")"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -keyout root.key -out root.pem \
    -subj "/C=CN/O=Sealkeeper Tests/CN=Test Root" -addext "basicConstraints=critical,CA:TRUE" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null

issue() { # name, subject, key options
    name=$1; subject=$2; shift 2
    openssl req -new -nodes "$@" -keyout "$name.key" -out "$name.csr" -subj "$subject" -utf8 2>/dev/null
    printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature,nonRepudiation" \
        "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" > "$name.ext"
    openssl x509 -req -in "$name.csr" -CA root.pem -CAkey root.key -CAcreateserial -days 36500 -extfile "$name.ext" \
        -outform DER -out "$name.der" 2>/dev/null
    rm "$name.csr" "$name.ext"
}
issue signer "/C=CN/O=示例有限公司/CN=示例有限公司公章" -newkey ec -pkeyopt ec_paramgen_curve:P-256
issue second "/C=CN/O=Sealkeeper Tests/CN=Second Signer" -newkey ec -pkeyopt ec_paramgen_curve:P-256
issue rsa "/C=CN/O=Sealkeeper Tests/CN=RSA Signer" -newkey rsa:2048
openssl x509 -in root.pem -outform DER -out root.der
rm -f root.key root.srl
