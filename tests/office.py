"""An office on a real daemon, whose people sign with PyJWT: everything up to a seal in use comes about by acts filed over gRPC."""

import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import seal_object
from agent_process import PICTURES, Agent
from sealkeeper_client import Client

from acts_example import Signer, file_act, public_jwk, register_approver  # needs the stubs that sealkeeper_client made

UNIT = "示例科技有限公司"
SEAL = "contract-1"


def sha256(data):
    """SHA-256 in hex, as acts write it."""
    return hashlib.sha256(data).hexdigest()


class Office:
    """A context manager. `office` is the seal office, `head` the unit's head, `member` who asks for documents to be stamped, `approvers`
    two of them, `custodian` the system user who runs the tests: all calls come from them, whoever signed what is filed.
    """

    def __init__(self, home, remote=""):
        """`remote` are lines of `[remote]` in agent.toml."""
        home = Path(home)
        home.parent.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        public = Path(f"{home}-office.pub")
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        public.write_bytes(key.public_key().public_bytes(*form))
        self.agent = Agent(home, public, remote)
        self.key = key

    def __enter__(self):
        self.agent.start()
        self.client = Client(self.agent.socket)
        self.origin = self.client.describe_office().origin
        self.office = Signer(self.agent.office_person, self.key, self.origin)
        self.file(self.office, "policy", {"sha256": self.client.describe_office().policy_file_sha256.hex()})
        self.head = self.register("p-head", ["unit-head"])
        self.member = self.register("p-member", ["applicant"])
        self.custodian = self.register("p-custodian", ["custodian"], os.getuid())
        names = {"p-approver-1": "审批人甲", "p-approver-2": "审批人乙"}
        self.approvers = [register_approver(self.client.office, self.office, *who, UNIT) for who in names.items()]
        return self

    def __exit__(self, *error):
        self.client.channel.close()
        self.agent.__exit__(*error)

    def file(self, signer, kind, members, attachment=b"", **claims):
        """Signs and files; returns `FiledAct`."""
        return file_act(self.client.office, signer.act(kind, members, **claims), attachment)

    def register(self, person, roles, uid=None, key=None, certificates=()):
        """Registers a person of the unit, or anew; returns them as signer. `certificates` are SHA-256 in hex of those for TLS."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        entry = {"person": person, "name": f"测试 {person}", "unit": UNIT, "roles": roles, "keys": [public_jwk(key)]}
        entry |= {} if uid is None else {"uid": uid}
        entry |= {"certificates": list(certificates)} if certificates else {}
        self.file(self.office, "person-register", entry)
        return Signer(person, key, self.origin)

    def registered(self):
        """Everybody as they stand, by id."""
        return {person.person_id: person for person in self.client.show_office().people}

    def make_seal(self):
        """A seal from its application to its receipt, and a grant of it for `member`; returns `OfficeSeal`."""
        picture = (PICTURES / "contract-seal.png").read_bytes()
        application = {
            "seal": SEAL,
            "name": "合同专用章",
            "kind": "contract",
            "unit": UNIT,
            "purpose": "签订合同",
            "scope": ["ordinary", "important"],
            "custodian": self.custodian.person,
            "picture_kind": "png",
            "picture_sha256": sha256(picture),
            "width_um": 40_000,
            "height_um": 40_000,
        }
        about = self.file(self.member, "seal-apply", application, picture).act_id
        step = {"seal": SEAL, "about": about}
        self.file(self.head, "seal-approve", step)
        self.file(self.office, "seal-review", step | {"physical": "none"})
        made, seal = self._made(application, picture)
        self.file(self.office, "seal-make", step | made, seal)
        named = {"seal": SEAL, "object_sha256": made["object_sha256"]}
        identity = {"kind": "居民身份证", "last": "123X"}
        self.file(self.office, "seal-issue", named | {"custodian": self.custodian.person, "identity": identity})
        # The receipt proves control of the token: it is carried by the custodian, with the token unlocked.
        self.client.unlock(self.agent.token_serial, self.agent.pin, uses=1)
        self.file(self.custodian, "seal-receive", named)
        terms = {"classes": ["ordinary"], "copies_per_request": 5, "uses_per_day": 100, "until_s": int(time.time()) + 86_400}
        self.file(self.office, "grant", {"person": self.member.person, "seal": SEAL} | terms)
        return next(seal for seal in self.client.show_office().seals if seal.seal_id == SEAL)

    def _made(self, application, picture):
        """What the office says of the finished seal, and the seal object."""
        certificate = x509.load_pem_x509_certificate(Path(self.agent.token["CERT1_PEM"]).read_bytes())
        der = certificate.public_bytes(serialization.Encoding.DER)
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        where = {"key": self.agent.token["KEY1_URI"], "certificate": self.agent.token["CERT1_URI"]}
        now = datetime.now(UTC).replace(microsecond=0)
        validity = (now - timedelta(minutes=1), now + timedelta(days=365))
        seal = seal_object.make(application, der, where["key"], where["certificate"], picture, self.key, *validity)
        digests = {"object_sha256": sha256(seal), "certificate_sha256": sha256(der)}
        key_sha256 = sha256(certificate.public_key().public_bytes(*form))
        return digests | {"key_sha256": key_sha256} | where, seal
