"""The judges themselves: each must accept a good stamp and notice a bad one.

    target/venv/bin/python -m unittest discover -s tests

The stamps here are made with pyHanko and keys made on the spot, so that nothing of the product is needed.
"""

import datetime
import tempfile
import unittest
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter

import judges
from judges import Case, Outcome

CONTRACT = Path(__file__).parent.parent / "softhsm-setup/demo/contract.pdf"


class Judges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keeper = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.keeper.name)
        cls.ca, cls.signer = _authority(cls.folder, "ca")
        cls.stranger_ca, cls.stranger = _authority(cls.folder, "stranger")
        cls.nss = judges.trust_store(cls.folder / "nss", cls.ca)
        cls.once = cls.folder / "once.pdf"
        cls.once.write_bytes(_sign(CONTRACT, cls.signer, "Seal1"))
        cls.twice = cls.folder / "twice.pdf"
        cls.twice.write_bytes(_sign(cls.once, cls.signer, "Seal2"))

    @classmethod
    def tearDownClass(cls):
        cls.keeper.cleanup()

    def outcomes(self, stamped, expected, original=CONTRACT, **changes):
        case = Case(
            **{"stamped": stamped, "ca": self.ca, "expected": expected, "original": original, "nss": self.nss} | changes
        )
        return {verdict.judge: verdict.outcome.value for verdict in judges.judge(case)}

    def changed(self, source, change):
        path = self.folder / "changed.pdf"
        path.write_bytes(change(source.read_bytes()))
        return path

    def test_one_signature_is_valid(self):
        self.assertEqual(set(self.outcomes(self.once, 1).values()), {"valid"})

    def test_second_signature_by_the_same_certificate_is_valid(self):
        self.assertEqual(set(self.outcomes(self.twice, 2).values()), {"valid"})

    def test_wrong_number_of_signatures_is_noticed(self):
        said = self.outcomes(self.once, 2)
        self.assertEqual([said[judge] for judge in ("pdfsig", "pyhanko", "openssl")], ["invalid"] * 3)

    def test_changed_byte_is_noticed(self):
        flipped = self.changed(self.once, lambda pdf: pdf[:2000] + bytes([pdf[2000] ^ 1]) + pdf[2001:])
        said = self.outcomes(flipped, 1)
        self.assertEqual([said[judge] for judge in ("pdfsig", "pyhanko", "openssl")], ["invalid"] * 3)

    def test_appended_byte_is_noticed(self):
        said = self.outcomes(self.changed(self.once, lambda pdf: pdf + b"\n"), 1)
        self.assertEqual([said[judge] for judge in ("pdfsig", "pyhanko", "openssl")], ["invalid"] * 3)

    def test_change_of_content_after_a_signature_is_noticed(self):
        path = self.folder / "tampered.pdf"
        with open(self.once, "rb") as handle:
            writer = IncrementalPdfFileWriter(handle)
            writer.add_stream_to_page(0, writer.add_object(generic.StreamObject(stream_data=b"0 0 99 99 re f")))
            with open(path, "wb") as out:
                writer.write(out)
        said = self.outcomes(self.changed(path, lambda pdf: pdf), 1)
        self.assertEqual(said["pyhanko"], "invalid")
        signed_again = self.folder / "tampered-signed.pdf"
        signed_again.write_bytes(_sign(path, self.signer, "Seal2"))
        self.assertEqual(self.outcomes(signed_again, 2)["pyhanko"], "invalid")

    def test_untrusted_certificate_is_noticed(self):
        stamped = self.changed(CONTRACT, lambda _: _sign(CONTRACT, self.stranger, "Seal1"))
        self.assertEqual(set(self.outcomes(stamped, 1, ca=self.stranger_ca, nss=None).values()), {"valid"})
        self.assertEqual(self.outcomes(stamped, 1, ca=self.stranger_ca)["pdfsig"], "invalid")

    def test_damage_to_an_earlier_signature_of_another_is_noticed(self):
        original = self.folder / "stranger-first.pdf"
        original.write_bytes(_sign(CONTRACT, self.stranger, "Other"))
        stamped = self.folder / "stranger-then-seal.pdf"
        stamped.write_bytes(_sign(original, self.signer, "Seal1"))
        self.assertEqual(set(self.outcomes(stamped, 1, original).values()), {"valid"})
        # The same, but the bytes under the first signature are not those it was made over.
        broken = self.folder / "broken-first.pdf"
        broken.write_bytes(original.read_bytes().replace(b"%PDF-1.7", b"%PDF-1.6", 1))
        stamped.write_bytes(_sign(broken, self.signer, "Seal1"))
        self.assertEqual(self.outcomes(stamped, 1, original)["pyhanko"], "invalid")

    def test_new_complaint_of_qpdf_is_noticed(self):
        damaged = self.changed(self.once, lambda pdf: pdf.replace(b"/SigFlags 3", b"/SigFlags )", 1))
        self.assertEqual(self.outcomes(damaged, 1)["qpdf"], "invalid")

    def test_old_complaint_of_qpdf_is_let_pass(self):
        original = self.folder / "short-size.pdf"
        pdf = CONTRACT.read_bytes()
        original.write_bytes(pdf.replace(b"/Size 389", b"/Size 380", 1))
        verdict = judges.qpdf(Case(original, self.ca, 0))
        self.assertIs(verdict.outcome, Outcome.INVALID, "the test needs a file qpdf complains of")
        self.assertIs(judges.qpdf(Case(original, self.ca, 0, original)).outcome, Outcome.VALID)


def _authority(folder, name):
    """A CA (path of its PEM) and a signer with a certificate of it."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name(f"{name} CA")
    ca = _certificate(ca_name, ca_name, ca_key.public_key(), ca_key, ca=True)
    certificate = _certificate(_name(f"{name} seal"), ca_name, key.public_key(), ca_key, ca=False)
    paths = {part: folder / f"{name}-{part}.pem" for part in ("ca", "certificate", "key")}
    paths["ca"].write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    paths["certificate"].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths["key"].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    signer = signers.SimpleSigner.load(str(paths["key"]), str(paths["certificate"]), ca_chain_files=(str(paths["ca"]),))
    return paths["ca"], signer


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(subject, issuer, public_key, issuer_key, ca):
    now = datetime.datetime.now(datetime.UTC)
    usage = {
        name: False for name in ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    }
    usage |= {"digital_signature": not ca, "content_commitment": not ca, "key_cert_sign": ca, "crl_sign": ca}
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _sign(path, signer, field):
    """The file's bytes with one more signature."""
    metadata = signers.PdfSignatureMetadata(field_name=field, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256")
    with open(path, "rb") as handle:
        writer = IncrementalPdfFileWriter(handle)
        place = SigFieldSpec(field, on_page=-1, box=(100, 100, 200, 200))
        return signers.sign_pdf(writer, metadata, signer=signer, new_field_spec=place).getvalue()


if __name__ == "__main__":
    unittest.main()
