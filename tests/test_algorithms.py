"""Every algorithm that seals sign with, and every kind of key: the judges must accept each.

    target/venv/bin/python -m unittest discover -s tests

The contract is stamped by `sign_file`, an example of crates/pades, with keys in files; `cargo test` builds it.
"""

import subprocess
import tempfile
import unittest
from pathlib import Path

import judges
from agent_process import BINARIES, ROOT
from judges import Case

KINDS = ROOT / "crates/pades/tests/pki/kinds"
CONTRACT = ROOT / "softhsm-setup/demo/contract.pdf"
PICTURE = ROOT / "softhsm-setup/demo/contract-seal.png"


class Algorithms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keeper = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.keeper.name)
        cls.nss = judges.trust_store(cls.folder / "nss", KINDS / "root.pem")

    @classmethod
    def tearDownClass(cls):
        cls.keeper.cleanup()

    def outcomes(self, original, signers):
        """What each judge says of `original` once all `signers` (key, algorithm) have stamped it, one after another."""
        stamped = original
        for number, (kind, algorithm) in enumerate(signers):
            stamped, before = self.folder / f"stamped-{number}.pdf", stamped
            key, certificate = KINDS / f"{kind}.key", KINDS / f"{kind}.der"
            command = [BINARIES / "examples/sign_file", before, stamped, PICTURE, key, certificate, KINDS / "root.der"]
            done = subprocess.run([*command, algorithm], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
        case = Case(stamped, KINDS / "root.pem", len(signers), original, self.nss)
        return {verdict.judge: (verdict.outcome.value, verdict.why) for verdict in judges.judge(case)}

    def accepted(self, signers, by=("pdfsig", "pyhanko", "qpdf", "openssl")):
        with self.subTest(signers=signers):
            said = self.outcomes(CONTRACT, signers)
            self.assertEqual({judge: said[judge][0] for judge in by}, dict.fromkeys(by, "valid"), said)

    def test_ecdsa_is_accepted(self):
        self.accepted([("p256", "ecdsa-p256-sha256")])
        self.accepted([("p384", "ecdsa-p384-sha384")])

    def test_rsa_is_accepted_in_every_length(self):
        for bits in (2048, 3072, 4096):
            for algorithm in ("rsa-pkcs1-sha256", "rsa-pss-sha256"):
                self.accepted([(f"rsa-{bits}", algorithm)])

    def test_keys_for_pss_only_are_accepted(self):
        # NSS, and so pdfsig, takes no certificate whose key is id-RSASSA-PSS; it refuses signatures by OpenSSL with them too.
        for kind in ("pss", "pss-sha256"):
            self.accepted([(kind, "rsa-pss-sha256")], by=("pyhanko", "qpdf", "openssl"))

    def test_seals_of_different_algorithms_are_accepted_in_one_document(self):
        self.accepted(
            [
                ("p384", "ecdsa-p384-sha384"),
                ("rsa-2048", "rsa-pss-sha256"),
                ("p256", "ecdsa-p256-sha256"),
                ("rsa-4096", "rsa-pkcs1-sha256"),
            ]
        )


if __name__ == "__main__":
    unittest.main()
