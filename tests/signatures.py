"""Signatures of a PDF as its bytes show them, without a PDF parser: the judges' common ground.

ISO 32000-2 §12.8.1: /ByteRange names two ranges of the file; what lies between them is the hexadecimal string of
/Contents with its angle brackets. That is all that is needed to take out the CMS object and the bytes it signs.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import cms, pem, x509

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


@dataclass(frozen=True)
class Signature:
    """One signature: where it lies and who made it."""

    byte_range: tuple[int, int, int, int]  # offset, length, offset, length
    cms_der: bytes  # ContentInfo (RFC 5652), without the padding of /Contents
    signer: x509.Certificate

    @property
    def end(self):
        """First offset after the signed bytes: the size of the revision if that revision is signed whole."""
        return self.byte_range[2] + self.byte_range[3]

    def signed_bytes(self, pdf):
        """The bytes of `pdf` that this signature covers."""
        first, length, second, rest = self.byte_range
        return pdf[first : first + length] + pdf[second : second + rest]

    def issued_by(self, ca):
        """Whether the signer's certificate names `ca` as its issuer, by name and key identifier."""
        return self.signer.issuer == ca.subject and self.signer.authority_key_identifier == ca.key_identifier


def signatures(pdf):
    """All signatures in the bytes of a PDF, in the order of what they cover. What only looks like one is left out."""
    found = {}
    for match in _BYTE_RANGE.finditer(pdf):
        first, length, second, rest = (int(group) for group in match.groups())
        gap = pdf[first + length : second]
        if first != 0 or second + rest > len(pdf) or gap[:1] != b"<" or gap[-1:] != b">":
            continue
        try:
            padded = bytes.fromhex(gap[1:-1].decode("ascii"))
            der = padded[: _der_length(padded)]
            signer = _signer(cms.ContentInfo.load(der))
        except (ValueError, TypeError, KeyError, IndexError, StopIteration):
            continue
        byte_range = (first, length, second, rest)
        found[byte_range] = Signature(byte_range, der, signer)
    return [found[key] for key in sorted(found, key=lambda key: key[2] + key[3])]


def load_certificate(path):
    """A certificate from a PEM file."""
    return x509.Certificate.load(pem.unarmor(Path(path).read_bytes())[2])


def _der_length(data):
    """Length in bytes of the DER value that `data` begins with (ITU-T X.690 §8.1.3)."""
    first = data[1]
    if first < 0x80:
        return 2 + first
    octets = first & 0x7F
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")


def _signer(content_info):
    signed = content_info["content"]
    identifier = signed["signer_infos"][0]["sid"].chosen
    certificates = [choice.chosen for choice in signed["certificates"] if choice.name == "certificate"]
    return next(
        certificate
        for certificate in certificates
        if certificate.issuer == identifier["issuer"] and certificate.serial_number == identifier["serial_number"].native
    )
