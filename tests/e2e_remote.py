"""The daemon as a client in another language sees it from afar: gRPC over mutual TLS, as docs/remote.md tells.

    cd tests && ../target/venv/bin/python -m unittest e2e_remote
"""

import hashlib
import json
import os
import socket
import subprocess
import unittest
import uuid

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from crash import small_pdf
from office import SEAL, Office
from sealkeeper_client import ROOT, Client, Refused, at, credentials, fault

from acts_example import approve  # needs the stubs that sealkeeper_client made

RUN = ROOT / "target/e2e-remote"
TLS = RUN / "tls"
EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc"


def openssl(arguments):
    command = ["openssl", *arguments.split(), str(ROOT / "docs/tls.cnf")]
    subprocess.run(command, cwd=TLS, check=True, capture_output=True)


def issue(name, section):
    """`NAME.key` and `NAME.pem`; returns the SHA-256 of the certificate."""
    openssl(f"req -new {EC} -keyout {name}.key -out {name}.csr -subj /CN={name} -config")
    openssl(f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 30 -extensions {section} -out {name}.pem -extfile")
    certificate = x509.load_pem_x509_certificate((TLS / f"{name}.pem").read_bytes())
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


class Remote(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        TLS.mkdir(parents=True, exist_ok=True)
        openssl(f"req -x509 -extensions authority {EC} -keyout ca.key -out ca.pem -days 30 -subj /CN=CA -config")
        issue("agent", "agent")
        with socket.create_server(("127.0.0.1", 0)) as free:
            cls.address = f"127.0.0.1:{free.getsockname()[1]}"
        files = f'certificate = "{TLS / "agent.pem"}"\nkey = "{TLS / "agent.key"}"\nclient_issuers = ["{TLS / "ca.pem"}"]'
        cls.house = Office(RUN / "agent", f'listen = "{cls.address}"\n{files}')
        policy = cls.house.agent.home / "policy.toml"
        text = policy.read_text(encoding="utf-8")
        assert "allowed = false" in text
        policy.write_text(text.replace("allowed = false", "allowed = true"), encoding="utf-8")
        cls.enterClassContext(cls.house)
        custodian = issue("custodian", "person")
        key = cls.house.custodian.key
        cls.house.register("p-custodian", ["custodian"], os.getuid(), key, [custodian])
        cls.house.make_seal()

    def from_afar(self, name):
        own = credentials(TLS / "ca.pem", TLS / f"{name}.pem", TLS / f"{name}.key")
        return self.enterContext(Client(self.address, credentials=own))

    def test_a_use_from_afar_takes_two_tickets_and_the_pin(self):
        house, client = self.house, self.from_afar("custodian")
        pdf = small_pdf(str(uuid.uuid4()))
        header = {"seal": SEAL, "reason": "测试", "placements": [at("last", 66_000, 88_000)], "applicant": house.member.person}
        submitted = client.submit(pdf, **header)
        request_id = submitted.request_id
        house.file(house.member, "request-file", json.loads(submitted.binding))
        approve(client.office, client.requests, house.approvers[0], request_id, lambda _: True)
        confirmed = house.client.review(request_id).prepared_sha256
        client.unlock(house.agent.token_serial, house.agent.pin, uses=1)
        with self.assertRaises(Refused) as caught:
            client.use(request_id, str(uuid.uuid4()), confirmed)
        self.assertEqual(caught.exception.reasons, ["tickets-missing"])
        client.lock(house.agent.token_serial)

        approve(client.office, client.requests, house.approvers[1], request_id, lambda _: True)
        client.unlock(house.agent.token_serial, house.agent.pin, uses=1)
        use_id = str(uuid.uuid4())
        receipt = client.use(request_id, use_id, confirmed)
        _, appended = client.fetch(use_id)
        self.assertEqual(hashlib.sha256(pdf + appended).digest(), receipt.output_sha256)
        client.acknowledge(use_id)

    def test_nobody_is_served_without_a_certificate_of_theirs(self):
        issue("stranger", "person")
        with self.assertRaises(grpc.RpcError) as caught:
            self.from_afar("stranger").show_office()
        self.assertEqual(fault(caught.exception)[0], "person-unknown")
        bare = self.enterContext(Client(self.address, timeout=5))
        anonymous = grpc.ssl_channel_credentials((TLS / "ca.pem").read_bytes())
        nobody = self.enterContext(Client(self.address, timeout=5, credentials=anonymous))
        for client in (bare, nobody):
            with self.assertRaises(grpc.RpcError) as caught:
                client.show_office()
            self.assertEqual(fault(caught.exception), (None, None), "no answer of the agent's")


if __name__ == "__main__":
    unittest.main()
