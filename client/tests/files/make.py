#!/usr/bin/env python3
"""Makes the files that `seal verify` is tested with, by another implementation (pyHanko 0.38): python3 make.py [FILE]

Keys and certificates are those of the signature tests (crates/pades/tests/pki), whose private keys protect nothing.
"""

import pathlib
import sys
from io import BytesIO

from asn1crypto import keys, pem, x509
from pyhanko.pdf_utils import generic, writer
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

HERE = pathlib.Path(__file__).parent
PKI = HERE.parents[2] / "crates/pades/tests/pki"


def certificate(name):
    return x509.Certificate.load((PKI / name).read_bytes())


def signer(name):
    registry = SimpleCertificateStore()
    registry.register(certificate(pathlib.Path(name).with_name("root.der")))
    key = keys.PrivateKeyInfo.load(pem.unarmor((PKI / f"{name}.key").read_bytes())[2])
    return signers.SimpleSigner(certificate(f"{name}.der"), key, registry)


def unsigned():
    pdf = writer.PdfFileWriter(stream_xrefs=False)
    content = pdf.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
    pdf.insert_page(writer.PageObject(contents=content, media_box=(0, 0, 595, 842)))
    out = BytesIO()
    pdf.write(out)
    return out.getvalue()


def signed(pdf, name, field, subfilter=SigSeedSubFilter.PADES):
    metadata = signers.PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", subfilter=subfilter, reason="年度采购\u202e合同", name="采购部"
    )
    out = BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), metadata, signer(name), output=out)
    return out.getvalue()


plain = unsigned()
intact = signed(plain, "signer", "Seal-1")
twice = signed(intact, "second", "Seal-2")
files = {
    "unsigned.pdf": plain,
    "intact.pdf": intact,
    "twice.pdf": twice,
    "changed.pdf": intact.replace(b"0 0 100 100 re f", b"0 0 900 900 re f"),
    "rsa.pdf": signed(plain, "rsa", "Seal-1"),
    # On a curve that is not judged.
    "p521.pdf": signed(plain, "kinds/p521", "Seal-1"),
    "truncated.pdf": intact[:-40],
}
assert files["changed.pdf"] != intact
for name in sys.argv[1:] or files:
    (HERE / name).write_bytes(files[name])
