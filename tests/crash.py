#!/usr/bin/env python3
"""Kills the daemon under load, again and again, and holds its journal against what its clients saw.

    target/venv/bin/python tests/crash.py [--runs N] [--seed S]

Each run: the daemon starts on the journal the run before left behind, several clients stamp small documents as fast as they
can, SIGKILL comes at a random moment, the daemon starts again. What counts as failure:

lost         a use whose `complete` record stands or whose receipt a client holds, but whose bytes cannot be fetched again,
             or are not the bytes (or do not begin with the part of them) that were released before; an outcome told to a
             client that is another one after the restart
unrecorded   bytes or a receipt in a client's hands without `intent` and `complete` records that match them in every digest;
             a use with two intents, two outcomes, or none after the restart; an open intent closed as anything but
             abandoned with cause "crash"; a journal whose records, leaf hashes and roots do not fit together, or that no
             longer begins with what it was before

What does not count: a use of which no client heard and that left no record; an RPC that fails because of the kill.
"""

import argparse
import hashlib
import json
import random
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field

import grpc

from agent_process import Agent
from merkle import Tree, leaf_hash
from sealkeeper_client import ROOT, Client, NotDone, Refused, at, fault

CLIENTS = 4


@dataclass
class Use:
    """What a client knows of one use."""

    use_id: str
    request_id: str
    document: bytes
    confirmed: bytes
    receipt: object = None  # as told by Stamp or Fetch
    ended: str = ""  # "failed" or "abandoned" as told by Stamp
    parts: list = field(default_factory=list)  # bytes released by Fetch, in order
    whole: bool = False  # Fetch came to its end
    acknowledged: bool = False


class Load(threading.Thread):
    """One client that stamps until the daemon goes away."""

    def __init__(self, agent, number, stop):
        super().__init__(daemon=True)
        self.agent, self.number, self.stop = agent, number, stop
        self.uses, self.trouble = [], []

    def run(self):
        round_ = 0
        try:
            with Client(self.agent.socket, timeout=20) as client:
                while not self.stop.is_set():
                    round_ += 1
                    self.stamp(client, small_pdf(f"client {self.number} round {round_} {uuid.uuid4()}"), round_ % 3 == 0)
        except (grpc.RpcError, ConnectionError) as error:
            # UNAVAILABLE is the kill; whatever comes before it is not.
            if not self.stop.is_set() and error.code() is not grpc.StatusCode.UNAVAILABLE:
                self.trouble.append(f"{error.code().name} {fault(error)[0]} {error.details()}")
        except Exception as error:  # reported by the main thread
            self.trouble.append(f"{type(error).__name__}: {error}")

    def stamp(self, client, document, acknowledge):
        header = {"seal": self.agent.seals[0], "reason": "crash test", "placements": [at("last", 50_000, 50_000)]}
        request_id = client.submit(document, **header).request_id
        prepared = client.review(request_id)
        use = Use(str(uuid.uuid4()), request_id, document, prepared.prepared_sha256)
        self.uses.append(use)
        try:
            use.receipt = client.use(request_id, use.use_id, use.confirmed)
        except NotDone as not_done:
            use.ended = not_done.outcome
            return

        def released(event):
            if event.WhichOneof("event") == "receipt":
                use.receipt = event.receipt
            else:
                use.parts.append(event.chunk)

        client.fetch(use.use_id, released)
        use.whole = True
        if acknowledge:
            use.acknowledged = True  # before the call: the daemon may have taken it and died
            client.acknowledge(use.use_id)


class Check:
    """What one journal and its clients add up to, over all runs."""

    def __init__(self, agent):
        self.agent = agent
        self.tree = Tree()
        self.leaves = []
        self.intents, self.outcomes = {}, {}  # use_id -> record
        self.lost, self.unrecorded = [], []

    def journal(self, client, killed_at_us):
        """Reads the records that are new since the run before and checks the journal in itself."""
        for number, record in enumerate(client.records(max(0, self.tree.size - 1))):
            if number == 0 and self.tree.size:
                if record.leaf_hash != self.leaves[-1]:
                    self.unrecorded.append("the journal no longer ends where it did before the kill")
                continue
            if record.seq != self.tree.size or leaf_hash(record.jcs) != record.leaf_hash:
                self.unrecorded.append(f"record {record.seq} is out of place or does not match its leaf hash")
            self.tree.append(leaf_hash(record.jcs))
            self.leaves.append(record.leaf_hash)
            self.take(json.loads(record.jcs), killed_at_us)
        head = client.head()
        if head.tree_size < self.tree.size:
            self.unrecorded.append("the journal shrank")
        if head.tree_size == self.tree.size and head.root_hash != self.tree.roots[-1]:
            self.unrecorded.append("the journal's root is not that of its records")
        for use_id in self.intents.keys() - self.outcomes.keys():
            self.unrecorded.append(f"use {use_id} has an intent and no outcome after the restart")

    def take(self, record, killed_at_us):
        """One new record."""
        kind, use_id = record["type"], record.get("use_id")
        if kind == "intent":
            if use_id in self.intents:
                self.unrecorded.append(f"use {use_id} has two intents")
            size, root = record["journal"]["size"], record["journal"]["root"]
            if size > record["seq"] or self.tree.roots[size].hex() != root:
                self.unrecorded.append(f"the intent of use {use_id} names a root the journal never had")
            self.intents[use_id] = record
        elif kind in ("complete", "failed", "abandoned"):
            if use_id in self.outcomes:
                self.unrecorded.append(f"use {use_id} has two outcomes")
            if use_id not in self.intents or self.intents[use_id]["seq"] != record["intent"]:
                self.unrecorded.append(f"the outcome of use {use_id} has no intent")
            # What was still open at the kill is closed at the restart, and only so.
            if record["time_us"] > killed_at_us and (kind, record.get("cause")) != ("abandoned", "crash"):
                self.unrecorded.append(f"use {use_id} was closed after the kill as {kind} {record.get('cause')}")
            self.outcomes[use_id] = record

    def use(self, client, use):
        """One use as its client knows it, against the journal and against what the restarted daemon gives."""
        intent, outcome = self.intents.get(use.use_id), self.outcomes.get(use.use_id)
        completed = outcome is not None and outcome["type"] == "complete"
        if (use.receipt or use.parts) and not (intent and completed):
            self.unrecorded.append(f"use {use.use_id} was released with {outcome and outcome['type']} on record")
            return
        if use.ended and (outcome is None or outcome["type"] != use.ended):
            self.lost.append(f"use {use.use_id} was told as {use.ended}, and is {outcome and outcome['type']} now")
        if use.receipt:
            self.receipt(use, intent, outcome)
        if completed and not use.acknowledged:
            self.refetch(client, use, outcome)
        elif intent and not completed:
            self.resend(client, use, outcome)

    def receipt(self, use, intent, outcome):
        """A receipt in a client's hands says what the records say."""
        receipt = use.receipt
        records = {
            "intent_seq": intent["seq"],
            "outcome_seq": outcome["seq"],
            "intent_leaf_hash": self.leaves[intent["seq"]],
            "outcome_leaf_hash": self.leaves[outcome["seq"]],
            "input_sha256": bytes.fromhex(intent["document_sha256"]),
            "output_sha256": bytes.fromhex(outcome["output_sha256"]),
            "output_size": outcome["output_size"],
            "signature_sha256": bytes.fromhex(outcome["signature_sha256"]),
            "tree_size": intent["journal"]["size"],
            "root_hash": bytes.fromhex(intent["journal"]["root"]),
        }
        for name, recorded in records.items():
            if getattr(receipt, name) != recorded:
                self.unrecorded.append(f"use {use.use_id}: the receipt's {name} is not the record's")
        if receipt.input_sha256 != hashlib.sha256(use.document).digest():
            self.unrecorded.append(f"use {use.use_id}: the record is of another document")
        if use.whole and hashlib.sha256(use.document + b"".join(use.parts)).digest() != receipt.output_sha256:
            self.unrecorded.append(f"use {use.use_id}: the bytes released are not those on record")

    def refetch(self, client, use, outcome):
        """A completed use gives the same bytes as before, and asking to stamp it again gives the same receipt."""
        try:
            receipt, appended = client.fetch(use.use_id)
            again = client.use(use.request_id, use.use_id, use.confirmed)
        except (grpc.RpcError, Refused, NotDone) as error:
            self.lost.append(f"use {use.use_id} is complete and cannot be had: {error}")
            return
        before = b"".join(use.parts)
        if not appended.startswith(before) or (use.whole and appended != before):
            self.lost.append(f"use {use.use_id} gives other bytes than before")
        if hashlib.sha256(use.document + appended).hexdigest() != outcome["output_sha256"]:
            self.lost.append(f"use {use.use_id} gives other bytes than those on record")
        if again != receipt or (use.receipt and use.receipt != receipt):
            self.lost.append(f"use {use.use_id} has another receipt than before")
        client.acknowledge(use.use_id)

    def resend(self, client, use, outcome):
        """A use that did not complete stays so when it is asked for again."""
        try:
            client.use(use.request_id, use.use_id, use.confirmed)
        except NotDone as not_done:
            if not_done.outcome != outcome["type"]:
                self.lost.append(f"use {use.use_id} is {outcome['type']} on record and told as {not_done.outcome}")
        except (grpc.RpcError, Refused) as error:
            self.lost.append(f"use {use.use_id} is {outcome['type']} on record, its outcome cannot be had: {error}")
        else:
            self.unrecorded.append(f"use {use.use_id} is {outcome['type']} on record and was stamped after all")


def main():
    parser = argparse.ArgumentParser(description="Kill the daemon under load and check what is left.")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    chance = random.Random(arguments.seed)
    totals = {"uses": 0, "complete": 0, "abandoned": 0}
    trouble = []
    with Agent(ROOT / "target/crash/agent") as agent:
        check = Check(agent)
        for _ in range(arguments.runs):
            uses = one_run(agent, check, chance, trouble)
            totals["uses"] += len(uses)
    totals["complete"] = sum(record["type"] == "complete" for record in check.outcomes.values())
    totals["abandoned"] = sum(record["type"] == "abandoned" for record in check.outcomes.values())
    for word, cases in (("LOST", check.lost), ("UNRECORDED", check.unrecorded), ("FAILED", trouble)):
        for case in cases[:20]:
            print(word, case)
    if totals["complete"] < arguments.runs:
        trouble.append("hardly anything was stamped")
        print("FAILED hardly anything was stamped")
    print("  {uses} uses asked for, {complete} complete, {abandoned} abandoned by a kill".format(**totals))
    print(f"crash: {arguments.runs} runs, {len(check.lost)} lost, {len(check.unrecorded)} unrecorded")
    return 1 if check.lost or check.unrecorded or trouble else 0


def one_run(agent, check, chance, trouble):
    """Load, kill, restart, check; returns the uses the clients asked for."""
    stop = threading.Event()
    with Client(agent.socket) as client:
        client.unlock(agent.token_serial, agent.pin, uses=10_000, idle_ms=600_000)
    clients = [Load(agent, number, stop) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(chance.uniform(0.05, 1.2))
    agent.kill()
    killed_at_us = time.time_ns() // 1000
    stop.set()
    for client in clients:
        client.join(timeout=30)
        trouble += client.trouble + (["a client hangs"] if client.is_alive() else [])
    agent.start()
    uses = [use for client in clients for use in client.uses]
    with Client(agent.socket) as client:
        check.journal(client, killed_at_us)
        for use in uses:
            check.use(client, use)
        # What the checks themselves brought about is no use: no record but of refusals may have come.
        check.journal(client, killed_at_us)
    return uses


def small_pdf(text):
    """A one-page PDF that holds the text, ISO 32000-2 §7.5 by the letter."""
    content = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    pdf, offsets = b"%PDF-1.7\n%\xe5\xe5\xe5\xe5\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    pdf += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return pdf + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref)


if __name__ == "__main__":
    sys.exit(main())
