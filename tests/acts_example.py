"""Acts (签批) made with a stock JWT library: from a fresh key to a filed ticket (审批单). docs/acts.md shows this file.

Needs PyJWT, cryptography and grpcio, and the stubs generated from proto/sealkeeper/v1/*.proto.
"""

import base64
import hashlib
import json
import time
import uuid
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from sealkeeper.v1 import office_pb2


class ActRefused(Exception):
    """The act is not on record; `reasons` are the codes of all that stands against it."""

    def __init__(self, refusal):
        self.reasons = [violation.reason for violation in refusal.violations]
        super().__init__("; ".join(f"{v.reason}: {v.text_en}; {v.hint_en}" for v in refusal.violations))


def base64url(data):
    """Without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_jwk(key):
    """The public key as a person is registered with it (RFC 7518 §6.2): a coordinate is 32 bytes however small its number."""
    point = key.public_key().public_numbers()
    x, y = (base64url(number.to_bytes(32, "big")) for number in (point.x, point.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def thumbprint(jwk):
    """The key's one name (RFC 7638): SHA-256 of these four members, in this order, without white space."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    return base64url(hashlib.sha256(json.dumps(required, separators=(",", ":")).encode()).digest())


@dataclass(frozen=True)
class Signer:
    """A person (`p-…`) with their key, speaking to the journal with this origin."""

    person: str
    key: ec.EllipticCurvePrivateKey
    origin: str

    def act(self, kind, members, lifetime_s=3600):
        """The act's text. `kind` is its type, "request-approve"; `members` are exactly those of that type."""
        now = int(time.time())
        registered = {"iss": self.person, "aud": self.origin, "iat": now, "exp": now + lifetime_s, "jti": str(uuid.uuid4())}
        header = {"typ": f"sealkeeper-{kind}+jwt", "kid": thumbprint(public_jwk(self.key))}
        return jwt.encode(registered | members, self.key, algorithm="ES256", headers=header)


def file_act(office, act, attachment=b"", timeout_s=60):
    """Files an act; returns `FiledAct`. Keep the text until it is answered: "act-repeated" then says that it is on record."""
    reply = office.FileAct(office_pb2.FileActRequest(act=act, attachment=attachment), timeout=timeout_s)
    if reply.WhichOneof("result") == "refused":
        raise ActRefused(reply.refused)
    return reply.filed


def register_approver(office, seal_office, person, name, unit):
    """Makes a key for a new approver and has the seal office register them with it; returns the approver as signer."""
    key = ec.generate_private_key(ec.SECP256R1())
    entry = {"person": person, "name": name, "unit": unit, "roles": ["approver"], "keys": [public_jwk(key)]}
    file_act(office, seal_office.act("person-register", entry))
    return Signer(person, key, seal_office.origin)


def approve(office, requests, approver, request_id, agrees):
    """Files a ticket for a request. `agrees` is shown what would be signed, the binding, and says whether the person wants it."""
    kept = requests.ShowRequest(office_pb2.ShowRequestRequest(request_id=request_id), timeout=60).request
    binding = json.loads(kept.binding)
    if not agrees(binding):
        reason = "审批人不同意"
        return file_act(office, approver.act("request-reject", {"request": request_id, "reason": reason}))
    # Not longer than the policy lets a ticket live.
    limit_s = office.DescribeOffice(office_pb2.DescribeOfficeRequest(), timeout=60).ticket_lifetime_s
    return file_act(office, approver.act("request-approve", binding, min(limit_s, 24 * 3600)))
