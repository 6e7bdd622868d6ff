"""Acts made by a stock JWT library, and forgeries of them, at the daemon's socket; docs/acts.md is what they are made by.

    cd tests && ../target/venv/bin/python -m unittest e2e_acts
"""

import base64
import hashlib
import hmac
import json
import os
import time
import unittest
import uuid
from dataclasses import replace

import grpc
import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from crash import small_pdf
from office import SEAL, UNIT, Office
from sealkeeper_client import ROOT, Refused, at, fault, office_pb2

from acts_example import ActRefused, Signer, approve, base64url, file_act, public_jwk, thumbprint

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # n of P-256 (FIPS 186-5)


def new_key(curve=ec.SECP256R1):
    return ec.generate_private_key(curve())


def signature(key, data):
    """ES256 over these bytes: r and s."""
    return utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))


def raw(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def compact(key, header, payload, form=raw):
    """A JWS of these very bytes, for what no library would write."""
    signed = f"{base64url(header)}.{base64url(payload)}"
    return f"{signed}.{base64url(form(*signature(key, signed.encode())))}"


def decoded(act):
    """Header and payload."""
    return jwt.get_unverified_header(act), jwt.decode(act, options={"verify_signature": False})


def written(members):
    return json.dumps(members, separators=(",", ":")).encode()


class Acts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = Office(ROOT / "target/e2e-acts/agent")
        cls.enterClassContext(cls.house)
        cls.client = cls.house.client

    def entry(self, **changes):
        """What the seal office would have to say for a person nobody registered."""
        entry = {"person": "p-forged", "name": "伪造", "unit": UNIT, "roles": ["seal-office"], "keys": [public_jwk(new_key())]}
        return entry | changes

    def act(self, signer=None, kind="person-register", members=None, **claims):
        signer = signer or self.house.office
        return signer.act(kind, self.entry() if members is None else members, **claims)

    def changed(self, header=None, payload=None, key=None, lack=()):
        """A good act of the seal office with other members in it, signed over what it then says."""
        told_header, told_payload = decoded(self.act())
        told_header |= header or {}
        told_payload = {name: value for name, value in (told_payload | (payload or {})).items() if name not in lack}
        return compact(key or self.house.key, written(told_header), written(told_payload))

    def refusal(self, act, attachment=b""):
        """The reasons of an act that must not be taken, and has left no act on record."""
        before = self.client.head().tree_size
        with self.assertRaises(ActRefused) as caught:
            file_act(self.client.office, act, attachment)
        self.assertEqual([record for record in self.client.records(before, ["act"])], [])
        self.assertNotIn("p-forged", self.house.registered())
        return caught.exception.reasons

    def assert_refused(self, reason, cases):
        for name, act in cases.items():
            with self.subTest(name):
                self.assertEqual(self.refusal(act), [reason])

    # -- what is taken

    def test_people_are_registered_by_acts_of_a_stock_library(self):
        key = new_key()
        signer = self.house.register("p-registered", ["applicant", "approver"], key=key)
        person = self.house.registered()[signer.person]
        self.assertEqual((list(person.roles), person.unit, person.left_us), (["applicant", "approver"], UNIT, 0))
        self.assertEqual(list(person.key_ids), [thumbprint(public_jwk(key))])

    def test_an_act_is_on_record_as_it_was_filed(self):
        act = self.act(members=self.entry(person="p-on-record", roles=["applicant"]))
        filed = file_act(self.client.office, act)
        claims = decoded(act)[1]
        self.assertEqual((filed.act_id, filed.typ, filed.signer), (claims["jti"], "person-register", claims["iss"]))
        listed = self.client.office.ListActs(office_pb2.ListActsRequest(person_id="p-on-record")).acts
        self.assertEqual([(one.filed, one.act) for one in listed], [(filed, act)])
        record = next(self.client.records(filed.seq))
        self.assertEqual((record.leaf_hash, json.loads(record.jcs)["type"]), (filed.leaf_hash, "act"))

    def test_who_carries_an_act_does_not_matter(self):
        custodian, carried = self.house.custodian, self.entry(person="p-carried", roles=["applicant"])
        # Now the user who runs this is nobody.
        self.house.register(custodian.person, ["custodian"], key=custodian.key)
        try:
            with self.assertRaises(grpc.RpcError) as caught:
                self.client.show_office()
            self.assertEqual(fault(caught.exception), ("person-unknown", "sealkeeper"))
            file_act(self.client.office, self.act(members=carried))
            self.assertEqual(self.client.describe_office().origin, self.house.origin)
        finally:
            self.register_custodian_again()
        self.assertIn("p-carried", self.house.registered())

    def register_custodian_again(self):
        self.house.register(self.house.custodian.person, ["custodian"], os.getuid(), self.house.custodian.key)

    # -- forgeries

    def test_other_algorithms_are_refused(self):
        header, payload = decoded(self.act())
        key = self.house.key.public_key()
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        # What a library that lets the header choose would verify: the public key, known to all, as the secret of an HMAC.
        hmac_signed = f"{base64url(written(header | {'alg': 'HS256'}))}.{base64url(written(payload))}"
        tag = hmac.digest(key.public_bytes(*form), hmac_signed.encode(), hashlib.sha256)
        cases = {
            "none": jwt.encode(payload, None, algorithm="none", headers=header | {"alg": "none"}),
            "NONE": self.changed(header={"alg": "NONE"}),
            "HS256": f"{hmac_signed}.{base64url(tag)}",
            "ES384": jwt.encode(payload, new_key(ec.SECP384R1), algorithm="ES384", headers=header | {"alg": "ES384"}),
            "es256": self.changed(header={"alg": "es256"}),
            "a list": self.changed(header={"alg": ["ES256"]}),
        }
        self.assert_refused("act-algorithm-refused", cases)

    def test_headers_that_bring_or_fetch_keys_or_change_the_reading_are_refused(self):
        members = {
            "jku": "https://example.com/keys",
            "jwk": public_jwk(self.house.key),
            "x5u": "https://example.com/chain",
            "x5c": ["MIIB"],
            "crit": ["exp"],
            "b64": False,
            "cty": "JWT",
        }
        self.assert_refused("act-header-refused", {name: self.changed(header={name: it}) for name, it in members.items()})

    def test_only_the_key_named_in_the_act_counts(self):
        header, payload = decoded(self.act())
        text = self.act()
        signed, value = text.rsplit(".", 1)
        others = self.act().rsplit(".", 1)[1]
        cases = {
            "somebody else's kid": jwt.encode(payload, new_key(), algorithm="ES256", headers=header),
            "a registered person's own key": jwt.encode(payload, self.house.member.key, algorithm="ES256", headers=header),
            "another act's signature": f"{signed}.{others}",
            "another payload": f"{signed.split('.')[0]}.{base64url(written(payload))}.{value}",
            "all zero": f"{signed}.{base64url(bytes(64))}",
        }
        self.assert_refused("act-signature-bad", cases)
        stranger = replace(self.house.office, key=new_key())
        self.assert_refused("act-key-unknown", {"a key of nobody": self.act(stranger)})

    def test_a_key_speaks_for_its_owner_alone(self):
        cases = {
            "office by a member": self.act(replace(self.house.member, person=self.house.office.person)),
            "office by nobody's name": self.act(replace(self.house.office, person="p-nobody")),
        }
        self.assert_refused("act-issuer-wrong", cases)
        # In their own name a member signs well, and may not do it.
        self.assertEqual(self.refusal(self.act(self.house.member)), ["role-missing"])

    def test_an_act_is_said_to_one_journal(self):
        another = self.house.origin.rsplit("/", 1)[0] + "/" + "0" * 32
        self.assert_refused("act-audience-wrong", {"another": self.act(replace(self.house.office, origin=another))})
        self.assert_refused("act-malformed", {"several": self.changed(payload={"aud": [self.house.origin, another]})})

    def test_an_act_is_good_between_its_times(self):
        now = int(time.time())
        late = {"expired": {"iat": now - 7200, "exp": now - 3600}, "to the second": {"iat": now - 60, "exp": now}}
        self.assert_refused("act-expired", {name: self.changed(payload=times) for name, times in late.items()})
        self.assert_refused("act-too-early", {"future": self.changed(payload={"iat": now + 360, "exp": now + 3600})})
        told = self.client.describe_office()
        self.assertEqual((told.act_lifetime_s, told.ticket_lifetime_s), (7 * 86_400, 72 * 3600))
        spans = {"a second more than the policy allows": told.act_lifetime_s + 1, "more than any policy may allow": 367 * 86_400}
        long = {name: self.changed(payload={"iat": now, "exp": now + span}) for name, span in spans.items()}
        self.assert_refused("act-lifetime-too-long", long)
        # A clock that is a little ahead is no forgery.
        slow = self.entry(person="p-clock", roles=["applicant"])
        file_act(self.client.office, self.changed(payload=slow | {"iat": now + 200, "exp": now + 3600}))
        inexact = {"fraction": now + 0.5, "text": str(now), "negative": -1, "beyond 2^53": 1 << 53}
        self.assert_refused("act-malformed", {name: self.changed(payload={"iat": it}) for name, it in inexact.items()})

    def test_an_id_counts_once(self):
        act = self.act(members=self.entry(person="p-once", roles=["applicant"]))
        filed = file_act(self.client.office, act)
        header, payload = decoded(act)
        signed, value = act.rsplit(".", 1)
        r, s = (int.from_bytes(half, "big") for half in self.halves(value))
        cases = {
            "filed again": act,
            # ECDSA holds for n − s too: another text, the same act.
            "the signature's twin": f"{signed}.{base64url(raw(r, ORDER - s))}",
            "another statement": compact(self.house.key, written(header), written(payload | self.entry())),
            "in capitals": compact(self.house.key, written(header), written(payload | {"jti": filed.act_id.upper()})),
        }
        self.assert_refused("act-repeated", cases)

    @staticmethod
    def halves(value):
        both = base64.urlsafe_b64decode(value + "==")
        return both[:32], both[32:]

    def test_an_act_passes_for_no_other(self):
        for typ in ["sealkeeper-seal-steal+jwt", "JWT", "person-register", "sealkeeper-person-register", "SEALKEEPER-GRANT+JWT"]:
            with self.subTest(typ):
                self.assertEqual(self.refusal(self.changed(header={"typ": typ})), ["act-type-unknown"])
        # A type that is known, with the members of another.
        self.assertEqual(self.refusal(self.changed(header={"typ": "sealkeeper-grant+jwt"})), ["act-malformed"])

    def test_json_that_can_be_read_in_two_ways_is_refused(self):
        header, payload = decoded(self.act())
        good, twice = written(header), written(payload)
        cases = {
            "twice in the header": (b'{"alg":"none",' + good[1:], twice),
            "twice in the payload": (good, b'{"person":"p-a",' + twice[1:]),
            "twice by an escape": (good, b'{"\\u0070erson":"p-a",' + twice[1:]),
            "twice further in": (good, twice.replace(b'"kty":"EC"', b'"kty":"EC","kty":"RSA"')),
            "something after it": (good, twice + b"{}"),
            "no object": (good, b"[" + twice + b"]"),
            "not UTF-8": (good, twice[:-1] + b',"x":"\xff"}'),
        }
        made = {name: compact(self.house.key, *parts) for name, parts in cases.items()}
        self.assert_refused("act-malformed", made)

    def test_members_are_exactly_those_of_the_type(self):
        cases = {f"without {name}": self.changed(lack=[name]) for name in ["iss", "aud", "iat", "exp", "jti", "name", "keys"]}
        extra = {"sub": "p-forged", "nbf": 0, "admin": True}
        cases |= {f"with {name}": self.changed(payload={name: it}) for name, it in extra.items()}
        cases["a role there is not"] = self.changed(payload={"roles": ["root"]})
        cases["an id that is none"] = self.changed(payload={"jti": "1"})
        cases["no id at all"] = self.changed(payload={"jti": "00000000-0000-0000-0000-000000000000"})
        self.assert_refused("act-malformed", cases)

    def test_base64url_has_one_form(self):
        header, payload, value = self.act().split(".")
        padded = lambda part: part + "=" * (-len(part) % 4 or 4)
        # The last of 86 characters holds four bits that mean nothing.
        loose = value[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[value[-1]]
        cases = {
            "padded header": f"{padded(header)}.{payload}.{value}",
            "padded payload": f"{header}.{padded(payload)}.{value}",
            "padded signature": f"{header}.{payload}.{padded(value)}",
            "unused bits": f"{header}.{payload}.{loose}",
            "a line feed at the end": f"{header}.{payload}.{value}\n",
            "no signature": f"{header}.{payload}.",
            "four parts": f"{header}.{payload}.{value}.{value}",
            "nothing": "",
        }
        self.assert_refused("act-malformed", cases)

    def test_signatures_are_raw(self):
        header, payload = (written(part) for part in decoded(self.act()))
        self.assert_refused("act-malformed", {"DER": compact(self.house.key, header, payload, utils.encode_dss_signature)})

    def test_a_long_act_is_refused(self):
        self.assert_refused("act-too-large", {"17 KiB": self.act(members=self.entry(name="长" * 6000))})

    def test_who_has_left_signs_nothing(self):
        leaver = self.house.register("p-leaver", ["seal-office"])
        before = self.act(leaver)
        self.house.file(self.house.office, "person-leave", {"person": leaver.person, "reason": "离职"})
        self.assertGreater(self.house.registered()[leaver.person].left_us, 0)
        self.assert_refused("person-left", {"signed before": before, "signed after": self.act(leaver)})
        # Their key stays theirs for good.
        taken = self.entry(roles=["applicant"], keys=[public_jwk(leaver.key)])
        self.assert_refused("key-taken", {"their key": self.act(members=taken)})

    def test_private_and_unfit_keys_are_not_registered(self):
        private = public_jwk(new_key()) | {"d": base64url(bytes(31) + b"\x01")}
        off_curve = public_jwk(new_key()) | {"y": base64url(bytes(31) + b"\x01")}
        self.assert_refused("act-key-private", {"private": self.act(members=self.entry(keys=[private]))})
        self.assert_refused("act-key-unfit", {"off the curve": self.act(members=self.entry(keys=[off_curve]))})


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = Office(ROOT / "target/e2e-acts/requests")
        cls.enterClassContext(cls.house)
        cls.client = cls.house.client
        cls.seal = cls.house.make_seal()

    def drafted(self):
        """A document of the member's, carried by the custodian, and its binding."""
        pdf = small_pdf(str(uuid.uuid4()))
        header = {"seal": SEAL, "reason": "采购", "placements": [at("last", 50_000, 50_000)], "applicant": self.house.member.person}
        submitted = self.client.submit(pdf, **header)
        self.assertEqual((submitted.state, submitted.tickets_needed), ("drafted", 1))
        return pdf, submitted.request_id, json.loads(submitted.binding)

    def filed(self):
        pdf, request_id, binding = self.drafted()
        self.house.file(self.house.member, "request-file", binding)
        return pdf, request_id, binding

    def state(self, request_id):
        return self.client.show_request(request_id).state

    def reasons(self, signer, kind, members):
        with self.assertRaises(ActRefused) as caught:
            self.house.file(signer, kind, members)
        return caught.exception.reasons

    def test_a_seal_is_in_use_once_its_life_was_signed_step_by_step(self):
        self.assertEqual((self.seal.state, self.seal.custodian), ("active", self.house.custodian.person))
        steps = [(step.typ.removeprefix("seal-"), step.state) for step in self.seal.history]
        states = ["applied", "approved", "reviewed", "made", "issued", "active"]
        self.assertEqual(steps, list(zip(["apply", "approve", "review", "make", "issue", "receive"], states)))

    def test_from_a_draft_to_a_stamp(self):
        pdf, request_id, binding = self.drafted()
        approver = self.house.approvers[0]
        self.assertEqual(self.reasons(approver, "request-approve", binding), ["request-not-filed"])
        self.house.file(self.house.member, "request-file", binding)
        self.assertEqual(self.state(request_id), "filed")
        with self.assertRaises(Refused) as caught:
            self.client.review(request_id)
        self.assertIn("tickets-missing", caught.exception.reasons)
        ticket = approve(self.client.office, self.client.requests, approver, request_id, lambda asked: asked == binding)
        kept = self.client.show_request(request_id)
        self.assertEqual((kept.state, [one.act_id for one in kept.tickets]), ("approved", [ticket.act_id]))
        self.assertIn(request_id, [one.request_id for one in self.client.list_requests("to-stamp")])
        prepared = self.client.review(request_id)
        self.client.unlock(self.house.agent.token_serial, self.house.agent.pin, uses=1)
        use_id = str(uuid.uuid4())
        receipt = self.client.use(request_id, use_id, prepared.prepared_sha256)
        _, appended = self.client.fetch(use_id)
        self.assertEqual(hashlib.sha256(pdf + appended).digest(), receipt.output_sha256)
        self.assertFalse(receipt.solo)
        self.assertEqual(self.state(request_id), "stamped")

    def test_whatever_a_ticket_says_otherwise_is_told_by_its_own_reason(self):
        _, request_id, binding = self.filed()
        moved = [binding["boxes"][0] | {"left_um": binding["boxes"][0]["left_um"] + 1}]
        changes = {
            "ticket-document-changed": {"document_sha256": "00" * 32},
            "ticket-file-name-changed": {"file_name": "another.pdf"},
            "ticket-seal-changed": {"seal_object_sha256": "00" * 32},
            "ticket-placement-changed": {"boxes": moved},
            "ticket-class-changed": {"class": "important"},
            "ticket-copies-changed": {"copies": 2},
            "ticket-reason-changed": {"reason": "别的"},
            "ticket-applicant-changed": {"applicant": self.house.head.person},
            "request-unknown": {"request": str(uuid.uuid4())},
        }
        for reason, change in changes.items():
            with self.subTest(reason):
                self.assertEqual(self.reasons(self.house.approvers[0], "request-approve", binding | change), [reason])
        limit_s = self.client.describe_office().ticket_lifetime_s
        long = self.house.approvers[0].act("request-approve", binding, limit_s + 1)
        with self.assertRaises(ActRefused) as caught:
            file_act(self.client.office, long)
        self.assertEqual(caught.exception.reasons, ["ticket-lifetime-too-long"])
        self.assertEqual((self.state(request_id), len(self.client.show_request(request_id).tickets)), ("filed", 0))

    def test_an_answer_that_got_lost_is_found_out_by_filing_again(self):
        _, request_id, binding = self.drafted()
        for signer, kind, state in [
            (self.house.member, "request-file", "filed"),
            (self.house.approvers[0], "request-approve", "approved"),
        ]:
            act = signer.act(kind, binding)
            file_act(self.client.office, act)
            with self.assertRaises(ActRefused) as caught:
                file_act(self.client.office, act)
            self.assertIn("act-repeated", caught.exception.reasons, kind)
            self.assertEqual(self.state(request_id), state)
        self.assertEqual(len(self.client.show_request(request_id).tickets), 1)

    def test_only_the_right_person_files_approves_and_ends(self):
        _, request_id, binding = self.filed()
        house, ended = self.house, {"request": request_id, "reason": "不需要了"}
        self.assertEqual(self.reasons(house.member, "request-approve", binding), ["role-missing", "approver-is-applicant"])
        self.assertEqual(self.reasons(house.head, "request-reject", ended), ["role-missing"])
        self.assertEqual(self.reasons(house.approvers[0], "request-withdraw", ended), ["not-applicant"])
        rejected = approve(self.client.office, self.client.requests, house.approvers[1], request_id, lambda _: False)
        self.assertEqual((rejected.typ, self.state(request_id)), ("request-reject", "rejected"))
        self.assertEqual(self.reasons(house.approvers[0], "request-approve", binding), ["request-rejected"])

    def test_an_attachment_is_what_its_act_names(self):
        picture = b"\x89PNG\r\n\x1a\n"
        application = {"seal": "contract-2", "name": "别的章", "kind": "other", "unit": UNIT, "purpose": "试", "scope": ["ordinary"]}
        application |= {"custodian": self.house.custodian.person, "picture_kind": "png", "width_um": 40_000, "height_um": 40_000}
        application["picture_sha256"] = hashlib.sha256(picture).hexdigest()
        for attachment, reason in [(b"", "act-attachment-missing"), (picture + b"\0", "act-attachment-wrong")]:
            with self.subTest(reason), self.assertRaises(ActRefused) as caught:
                self.house.file(self.house.member, "seal-apply", application, attachment)
            self.assertEqual(caught.exception.reasons, [reason])
        self.house.file(self.house.member, "seal-apply", application, picture)
        reason = {"seal": "contract-2", "reason": "不需要"}
        with self.assertRaises(ActRefused) as caught:
            self.house.file(self.house.head, "seal-refuse", reason, b"what nobody signed for")
        self.assertEqual(caught.exception.reasons, ["act-attachment-wrong"])
        self.house.file(self.house.head, "seal-refuse", reason)


if __name__ == "__main__":
    unittest.main()
