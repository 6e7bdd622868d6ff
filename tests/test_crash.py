"""The crash run's own checks: each must notice what it is there to notice. A made-up journal, no daemon."""

import hashlib
import json
import unittest
from types import SimpleNamespace

from crash import Check, Use
from merkle import Tree, leaf_hash
from sealkeeper_client import NotDone, use_pb2

DOCUMENT, APPENDED = b"document", b"appended"
KILLED_AT_US = 1_000_000


class Journal:
    """A client's view of a journal with the records it is given, and of the bytes that can be fetched."""

    def __init__(self):
        self.rows, self.tree, self.appended = [], Tree(), APPENDED

    def add(self, record):
        jcs = json.dumps({"seq": len(self.rows), "time_us": 1} | record).encode()
        self.rows.append(SimpleNamespace(seq=len(self.rows), jcs=jcs, leaf_hash=leaf_hash(jcs)))
        self.tree.append(leaf_hash(jcs))
        return len(self.rows) - 1

    def intent(self, use_id):
        journal = {"size": self.tree.size, "root": self.tree.roots[-1].hex()}
        document = hashlib.sha256(DOCUMENT).hexdigest()
        return self.add({"type": "intent", "use_id": use_id, "journal": journal, "document_sha256": document})

    def complete(self, use_id, intent, output=DOCUMENT + APPENDED):
        digests = {"output_sha256": hashlib.sha256(output).hexdigest(), "signature_sha256": "11" * 32}
        return self.add({"type": "complete", "use_id": use_id, "intent": intent, "output_size": len(output)} | digests)

    def receipt(self, use_id, intent, outcome):
        records = [json.loads(self.rows[seq].jcs) for seq in (intent, outcome)]
        return use_pb2.Receipt(
            use_id=use_id,
            intent_seq=intent,
            outcome_seq=outcome,
            intent_leaf_hash=self.rows[intent].leaf_hash,
            outcome_leaf_hash=self.rows[outcome].leaf_hash,
            input_sha256=hashlib.sha256(DOCUMENT).digest(),
            output_sha256=bytes.fromhex(records[1]["output_sha256"]),
            output_size=records[1]["output_size"],
            signature_sha256=bytes.fromhex(records[1]["signature_sha256"]),
            tree_size=records[0]["journal"]["size"],
            root_hash=bytes.fromhex(records[0]["journal"]["root"]),
        )

    # What the checks call.

    def records(self, from_seq):
        return self.rows[from_seq:]

    def head(self):
        return SimpleNamespace(tree_size=self.tree.size, root_hash=self.tree.roots[-1])

    def fetch(self, _use_id):
        return self.told, self.appended

    def use(self, *_):
        if self.told is None:
            raise NotDone("abandoned", use_pb2.NotDone())
        return self.told

    def acknowledge(self, _use_id):
        pass


class Checks(unittest.TestCase):
    def setUp(self):
        self.journal = Journal()
        self.check = Check(agent=None)
        self.intent = self.journal.intent("a")
        self.outcome = self.journal.complete("a", self.intent)
        self.journal.told = self.journal.receipt("a", self.intent, self.outcome)
        self.use = Use("a", "request", DOCUMENT, b"", self.journal.told, "", [APPENDED], whole=True)

    def found(self):
        self.check.journal(self.journal, KILLED_AT_US)
        self.check.use(self.journal, self.use)
        return len(self.check.lost), len(self.check.unrecorded)

    def test_a_good_run_passes(self):
        self.assertEqual(self.found(), (0, 0))

    def test_bytes_without_a_record(self):
        self.use.use_id = "b"
        self.assertEqual(self.found(), (0, 1))

    def test_bytes_that_are_not_those_on_record(self):
        self.use.parts = [b"something else"]
        lost, unrecorded = self.found()
        self.assertTrue(lost and unrecorded)

    def test_other_bytes_after_the_restart(self):
        self.journal.appended = b"something else"
        self.assertGreater(self.found()[0], 0)

    def test_a_receipt_that_says_other_than_the_records(self):
        self.use.receipt = self.journal.receipt("a", self.intent, self.outcome)
        self.use.receipt.tree_size += 1
        self.assertGreater(self.found()[1], 0)

    def test_an_intent_without_outcome(self):
        self.journal.intent("b")
        self.assertEqual(self.found(), (0, 1))

    def test_two_intents_of_one_use(self):
        self.journal.complete("a", self.journal.intent("a"))
        self.assertGreater(self.found()[1], 0)

    def test_a_use_completed_after_the_kill(self):
        intent = self.journal.intent("b")
        row = {"type": "complete", "use_id": "b", "intent": intent, "time_us": KILLED_AT_US + 1}
        self.journal.add(row)
        self.assertEqual(self.found(), (0, 1))

    def test_an_intent_closed_after_the_kill_is_right(self):
        intent = self.journal.intent("b")
        row = {"type": "abandoned", "cause": "crash", "use_id": "b", "intent": intent, "time_us": KILLED_AT_US + 1}
        self.journal.add(row)
        self.assertEqual(self.found(), (0, 0))

    def test_an_abandoned_use_that_is_stamped_after_all(self):
        intent = self.journal.intent("b")
        self.journal.add({"type": "abandoned", "cause": "crash", "use_id": "b", "intent": intent})
        self.use = Use("b", "request", DOCUMENT, b"")
        self.assertEqual(self.found(), (0, 1))

    def test_a_rewritten_record(self):
        self.check.journal(self.journal, KILLED_AT_US)
        self.journal.rows[-1].leaf_hash = bytes(32)
        self.assertGreater(self.found()[1], 0)

    def test_a_root_the_journal_never_had(self):
        self.journal.add(
            {"type": "intent", "use_id": "b", "journal": {"size": 1, "root": "00" * 32}, "document_sha256": ""}
        )
        self.journal.add({"type": "abandoned", "use_id": "b", "cause": "crash", "intent": self.journal.tree.size - 1})
        self.assertEqual(self.found(), (0, 1))


if __name__ == "__main__":
    unittest.main()
