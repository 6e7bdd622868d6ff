"""The daemon as a client in another language sees it, judged by the four judges.

    cd tests && ../target/venv/bin/python -m unittest e2e_client
"""

import hashlib
import json
import unittest
import uuid

import grpc

import judges
from agent_process import Agent
from crash import small_pdf
from sealkeeper_client import CHUNK, ROOT, Client, Refused, at, fault, use_pb2

CONTRACT = ROOT / "softhsm-setup/demo/contract.pdf"
RUN = ROOT / "target/e2e-python"


class EndToEnd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(RUN / "agent")
        cls.enterClassContext(cls.agent)
        cls.client = Client(cls.agent.socket)
        cls.addClassCleanup(cls.client.channel.close)
        cls.nss = judges.trust_store(RUN / "nss", cls.agent.ca)

    def setUp(self):
        self.client.lock(self.agent.token_serial)

    def unlock(self, uses=10):
        self.client.unlock(self.agent.token_serial, self.agent.pin, uses=uses)

    def header(self, **changes):
        return {"seal": self.agent.seals[0], "reason": "测试", "placements": [at("last", 66_000, 88_000)]} | changes

    def stamp(self, source, x_um, seal=0):
        placement = at("last", x_um, 88_000)
        return self.client.stamp(source, seal=self.agent.seals[seal], reason="测试", placement=placement)

    def refusal(self, call, *arguments, **named):
        with self.assertRaises(Refused) as caught:
            call(*arguments, **named)
        return caught.exception

    def status(self, call, *arguments, **named):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, **named)
        return fault(caught.exception)

    def judged(self, stamped, expected):
        path = RUN / f"{self.id().rsplit('.', 1)[-1]}-{expected}.pdf"
        path.write_bytes(stamped)
        for verdict in judges.judge(judges.Case(path, self.agent.ca, expected, CONTRACT, self.nss)):
            self.assertIs(verdict.outcome, judges.Outcome.VALID, f"{expected} signatures: {verdict}")
        return path

    # -- what comes out

    def test_three_seals_one_after_another_are_all_valid(self):
        self.unlock()
        first = self.judged(self.stamp(CONTRACT, 40_000).pdf, 1)
        second = self.judged(self.stamp(first, 90_000, seal=1).pdf, 2)
        self.judged(self.stamp(second, 140_000).pdf, 3)

    def test_seal_over_another_signature_is_refused(self):
        self.unlock()
        first = self.judged(self.stamp(CONTRACT, 66_000).pdf, 1)
        self.assertEqual(self.refusal(self.stamp, first, 80_000).reasons, ["placement-over-signature"])

    def test_known_document_is_not_sent_again(self):
        pdf, sent = small_pdf(str(uuid.uuid4())), []
        self.client.submit(pdf, **self.header())
        self.client.submit(pdf, on_chunk=sent.append, **self.header())
        self.assertEqual(sent, [])

    def test_one_copy_is_what_one_gets_without_asking(self):
        request_id = self.client.submit(small_pdf(str(uuid.uuid4())), **self.header(copies=0)).request_id
        self.unlock()
        prepared = self.client.review(request_id)
        self.assertEqual((prepared.copies, prepared.copies_left), (1, 1))
        self.client.use(request_id, str(uuid.uuid4()), prepared.prepared_sha256)
        refused = self.refusal(self.client.use, request_id, str(uuid.uuid4()), prepared.prepared_sha256)
        self.assertEqual(refused.reasons, ["copies-used-up"])

    # -- lost answers

    def test_lost_answer_is_told_again_and_nothing_signed_twice(self):
        self.unlock(uses=1)
        pdf = small_pdf(str(uuid.uuid4()))
        request_id = self.client.submit(pdf, **self.header()).request_id
        confirmed = self.client.review(request_id).prepared_sha256
        use_id = str(uuid.uuid4())
        first = self.client.use(request_id, use_id, confirmed)
        self.assertEqual(self.client.use(request_id, use_id, confirmed), first)
        receipt, appended = self.client.fetch(use_id)
        self.assertEqual((receipt, appended), self.client.fetch(use_id))
        self.assertEqual(hashlib.sha256(pdf + appended).digest(), first.output_sha256)
        of_use = [r for r in map(self.read, self.client.records()) if r.get("use_id") == use_id]
        self.assertEqual([record["type"] for record in of_use], ["intent", "complete"])
        self.client.acknowledge(use_id)
        self.client.acknowledge(use_id)
        self.assertEqual(self.status(self.client.fetch, use_id)[0], "use-acknowledged")

    @staticmethod
    def read(record):
        return json.loads(record.jcs)

    # -- the token

    def test_wrong_pin_is_told_once_and_is_on_record(self):
        before = self.client.head().tree_size
        said = self.status(self.client.unlock, self.agent.token_serial, "not the PIN", uses=1)
        self.assertEqual(said, ("token-pin-wrong", "sealkeeper"))
        kinds = [self.read(record)["type"] for record in self.client.records(before)]
        self.assertEqual(kinds, ["wrong_pin"])

    def test_locked_token_refuses_and_leaves_no_intent(self):
        request_id = self.client.submit(small_pdf(str(uuid.uuid4())), **self.header()).request_id
        confirmed = self.client.review(request_id).prepared_sha256
        use_id = str(uuid.uuid4())
        self.assertEqual(self.refusal(self.client.use, request_id, use_id, confirmed).reasons, ["token-locked"])
        kinds = [record["type"] for record in map(self.read, self.client.records()) if record.get("use_id") == use_id]
        self.assertEqual(kinds, ["refused"])
        # The same id may be sent again once the cause is gone; the unlock is then good for this one use.
        self.unlock(uses=1)
        self.client.use(request_id, use_id, confirmed)
        self.assertFalse(any(token.unlocked for token in self.client.list_tokens()))

    # -- refusals

    def test_upload_is_refused_before_it_ends(self):
        """What is no PDF is refused by its first bytes; after what the header announced nothing is read any more."""
        chunks = 400
        cases = {"pdf-not-a-pdf": (b"", chunks), "document-digest-mismatch": (b"%PDF-1.7\n", 3)}
        for reason, (head, announced) in cases.items():
            with self.subTest(reason):
                sent = []
                header = self.header(size=announced * CHUNK)
                document = head.ljust(chunks * CHUNK, b" ")
                refused = self.refusal(self.client.submit, document, on_chunk=sent.append, **header)
                self.assertEqual(refused.reasons, [reason])
                self.assertLess(len(sent), chunks // 2)

    def test_upload_is_refused_from_its_header_alone_with_all_reasons(self):
        sent = []
        header = self.header(seal="没有的章", placements=[], reason="")
        refused = self.refusal(self.client.submit, CONTRACT.read_bytes(), on_chunk=sent.append, **header)
        self.assertEqual(set(refused.reasons), {"seal-unknown", "placement-missing", "reason-missing"})
        self.assertEqual(sent, [])
        for violation in refused.violations:
            self.assertTrue(violation.text_zh and violation.text_en and violation.hint_zh and violation.hint_en)

    def test_what_is_not_supported_yet_is_refused_and_not_ignored(self):
        place = at("last", 66_000, 88_000)
        keyword = use_pb2.Placement(keyword=use_pb2.Keyword(text="盖章"))
        cases = {
            "several-placements-unsupported": {"placements": [place, place]},
            "keyword-unsupported": {"placements": [keyword]},
            "field-unsupported": {"placements": [use_pb2.Placement(field=use_pb2.Field(name="Sig"))]},
            "page-set-unsupported": {"placements": [at("1,3-5", 66_000, 88_000)]},
            "tickets-unsupported": {"tickets": ["a.b.c"]},
            "edge-seal-unsupported": {"edge_seal": use_pb2.EdgeSeal(side="right")},
        }
        for reason, changes in cases.items():
            with self.subTest(reason):
                refused = self.refusal(self.client.submit, small_pdf(reason), **self.header(**changes))
                self.assertEqual(refused.reasons, [reason])

    def test_wrong_digest_is_refused(self):
        pdf = small_pdf(str(uuid.uuid4()))
        refused = self.refusal(self.client.submit, pdf, **self.header(sha256=bytes(32)))
        self.assertEqual(refused.reasons, ["document-digest-mismatch"])

    def test_seal_beyond_the_page_is_refused(self):
        refused = self.refusal(self.client.submit, CONTRACT.read_bytes(), **self.header(placements=[at("last", 0, 0)]))
        self.assertEqual(refused.reasons, ["placement-outside-page"])

    def test_another_confirmation_is_refused(self):
        self.unlock()
        request_id = self.client.submit(small_pdf(str(uuid.uuid4())), **self.header()).request_id
        refused = self.refusal(self.client.use, request_id, str(uuid.uuid4()), bytes(32))
        self.assertEqual(refused.reasons, ["confirmation-mismatch"])


if __name__ == "__main__":
    unittest.main()
