#!/bin/sh
# Makes the certificates the tests sign with. Keys for tests only. Run it again only to renew them: client/tests/files
# are signed with those of the first group.
#
#   make.sh signers   here: a root, two P-256 signers under it, and an RSA signer
#   make.sh kinds     in kinds/: a root, and under it a signer of each kind of key, also of such as are not signed with
set -eu
cd "$(dirname "$0")"

root() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -keyout root.key -out root.pem \
        -subj "$1" -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
    openssl x509 -in root.pem -outform DER -out root.der
}

issue() { # name, subject, key options
    name=$1; subject=$2; shift 2
    openssl genpkey "$@" -out "$name.key" 2>/dev/null
    openssl req -new -key "$name.key" -out "$name.csr" -subj "$subject" -utf8
    printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature,nonRepudiation" \
        "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" > "$name.ext"
    openssl x509 -req -in "$name.csr" -CA root.pem -CAkey root.key -CAcreateserial -days 36500 -extfile "$name.ext" \
        -outform DER -out "$name.der" 2>/dev/null
    rm "$name.csr" "$name.ext"
}

# A kind of key, named by what it is.
kind() { name=$1; shift; issue "$name" "/C=CN/O=Sealkeeper Tests/CN=$name" "$@"; }

# A certificate whose key is never used.
bare() { kind "$@"; rm "$1.key"; }

case ${1-} in
signers)
    root "/C=CN/O=Sealkeeper Tests/CN=Test Root"
    issue signer "/C=CN/O=示例有限公司/CN=示例有限公司公章" -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    issue second "/C=CN/O=Sealkeeper Tests/CN=Second Signer" -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    issue rsa "/C=CN/O=Sealkeeper Tests/CN=RSA Signer" -algorithm RSA -pkeyopt rsa_keygen_bits:2048
    ;;
kinds)
    mkdir -p kinds
    cd kinds
    root "/C=CN/O=Sealkeeper Tests/CN=Root of Kinds"
    kind p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    kind p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
    for bits in 2048 3072 4096; do
        kind "rsa-$bits" -algorithm RSA -pkeyopt "rsa_keygen_bits:$bits"
    done
    # id-RSASSA-PSS (RFC 4055 §1.2): for PSS only, with any parameters or with these and a longer salt at most.
    kind pss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
    kind pss-sha256 -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 \
        -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32
    kind pss-sha384 -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 \
        -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48
    # Not signed with and not judged.
    kind p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
    bare rsa-2047 -algorithm RSA -pkeyopt rsa_keygen_bits:2047
    bare rsa-4104 -algorithm RSA -pkeyopt rsa_keygen_bits:4104
    bare ed25519 -algorithm ED25519
    ;;
*)
    echo "usage: make.sh signers|kinds" >&2
    exit 2
    ;;
esac
rm -f root.key root.srl
