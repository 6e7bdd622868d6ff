"""A client of `seal-agent` in Python, over gRPC on its Unix socket, or over mutual TLS from another machine. The contract is proto/PROTOCOL.md.

The stubs are generated from proto/sealkeeper/v1/*.proto when first needed, into target/python/<digest of the contract>.

    with Client("/run/user/1000/sealkeeper/agent.sock") as client:
        client.unlock(token_serial, pin, uses=1)
        stamped = client.stamp(Path("contract.pdf"), seal="合同专用章", reason="采购", placement=at("last", 66_000, 88_000))
        Path("stamped.pdf").write_bytes(stamped.pdf)
"""

import hashlib
import os
import queue
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 1 << 20  # the contract's limit for one message of an upload


def _generate():
    """Folder with the generated stubs of the contract as it stands."""
    proto = ROOT / "proto"
    files = sorted(proto.glob("sealkeeper/v1/*.proto"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    target = ROOT / "target/python" / digest
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # Made aside and renamed, so that two processes may do this at once.
        with tempfile.TemporaryDirectory(dir=target.parent) as aside:
            stubs = Path(aside, "stubs")
            stubs.mkdir()
            outputs = [f"--python_out={stubs}", f"--grpc_python_out={stubs}"]
            command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={proto}", *outputs, *map(str, files)]
            subprocess.run(command, check=True)
            try:
                stubs.rename(target)
            except OSError:
                if not target.exists():
                    raise
    return target


sys.path.insert(0, str(_generate()))
from sealkeeper.v1 import journal_pb2, journal_pb2_grpc, office_pb2, office_pb2_grpc, seal_pb2, seal_pb2_grpc
from sealkeeper.v1 import token_pb2, token_pb2_grpc, use_pb2, use_pb2_grpc


class Refused(Exception):
    """The agent refused, by rule: `reasons` are the codes, `violations` all it said."""

    def __init__(self, refusal):
        self.violations = list(refusal.violations)
        self.reasons = [violation.reason for violation in self.violations]
        super().__init__("; ".join(f"{v.reason}: {v.text_en} {dict(v.details) or ''}".strip() for v in self.violations))


class NotDone(Exception):
    """After its intent the use did not complete: `outcome` is "failed" or "abandoned"."""

    def __init__(self, outcome, answer):
        self.outcome, self.use_id, self.reason = outcome, answer.use_id, answer.cause.reason
        super().__init__(f"{outcome}: {answer.cause.reason}: {answer.cause.text_en}")


@dataclass(frozen=True)
class Stamped:
    """A stamped document, its digest checked against the receipt."""

    pdf: bytes
    receipt: object  # sealkeeper.v1.Receipt


def at(pages, x_um, y_um):
    """A placement by coordinates: the seal's centre in µm from the top left of the visible page."""
    return use_pb2.Placement(coordinates=use_pb2.Coordinates(pages=pages, x_um=round(x_um), y_um=round(y_um)))


def fault(error):
    """(reason, domain) of the google.rpc.ErrorInfo in a gRPC error; (None, None) if it carries none."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason, info.domain
    return None, None


def credentials(issuers, certificate, key):
    """From these PEM files: who may have issued the agent's certificate, and one's own with its key (docs/remote.md)."""
    read = [Path(file).read_bytes() for file in (issuers, key, certificate)]
    return grpc.ssl_channel_credentials(*read)


class Client:
    """One connection. Thread-safe. `timeout` is the deadline of every call in seconds."""

    def __init__(self, socket, timeout=60, credentials=None):
        """`socket` is a path; with `credentials` (see `credentials`) it is `host:port` instead."""
        options = [("grpc.max_receive_message_length", 64 << 20), ("grpc.enable_http_proxy", 0)]
        # A daemon that comes back is found again at once.
        options += [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
        # Channels to one address share a connection otherwise; clients here stand for separate programs.
        options += [("grpc.use_local_subchannel_pool", 1)]
        # No grpc.default_authority: the agent takes what gRPC sends by itself, the percent-encoded path of the socket.
        self.timeout = timeout
        if credentials:
            self.channel = grpc.secure_channel(socket, credentials, options)
        else:
            self.channel = grpc.insecure_channel(f"unix:{os.path.abspath(socket)}", options)
        self.tokens = token_pb2_grpc.TokenServiceStub(self.channel)
        self.seals = seal_pb2_grpc.SealServiceStub(self.channel)
        self.uses = use_pb2_grpc.UseServiceStub(self.channel)
        self.journal = journal_pb2_grpc.JournalServiceStub(self.channel)
        self.office = office_pb2_grpc.OfficeServiceStub(self.channel)
        self.requests = office_pb2_grpc.RequestServiceStub(self.channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    # -- tokens and seals

    def list_tokens(self):
        return list(self.tokens.ListTokens(token_pb2.ListTokensRequest(), timeout=self.timeout).tokens)

    def unlock(self, token_serial, pin, uses=0, idle_ms=0):
        request = token_pb2.UnlockRequest(token_serial=token_serial, pin=pin.encode(), uses=uses, idle_ms=idle_ms)
        return self.tokens.Unlock(request, timeout=self.timeout).token

    def lock(self, token_serial):
        return self.tokens.Lock(token_pb2.LockRequest(token_serial=token_serial), timeout=self.timeout).was_unlocked

    def list_seals(self):
        return list(self.seals.ListSeals(seal_pb2.ListSealsRequest(), timeout=self.timeout).seals)

    # -- use

    def submit(self, pdf, *, on_chunk=None, **header):
        """Submits the bytes of a document; returns `Submitted`. `on_chunk` is told of each chunk as it is sent."""
        facts = {"size": len(pdf), "sha256": hashlib.sha256(pdf).digest()}
        header = {"file_name": "document.pdf"} | facts | header
        wanted = queue.SimpleQueue()

        def messages():
            yield use_pb2.SubmitRequest(header=use_pb2.SubmitHeader(**header))
            if wanted.get():
                for start in range(0, len(pdf), CHUNK):
                    if on_chunk:
                        on_chunk(start)
                    yield use_pb2.SubmitRequest(chunk=pdf[start : start + CHUNK])

        try:
            for event in self.uses.Submit(messages(), timeout=self.timeout):
                match event.WhichOneof("event"):
                    case "upload":
                        wanted.put(event.upload.wanted)
                    case "submitted":
                        return event.submitted
                    case "refused":
                        raise Refused(event.refused)
        finally:
            wanted.put(False)
        raise RuntimeError("the agent ended the upload without an answer")

    def review(self, request_id):
        """Returns `Prepared`."""
        reply = self.uses.Review(use_pb2.ReviewRequest(request_id=request_id), timeout=self.timeout)
        if reply.WhichOneof("result") == "refused":
            raise Refused(reply.refused)
        return reply.prepared

    def use(self, request_id, use_id, confirmed_sha256):
        """Stamps one copy; returns its `Receipt`."""
        request = use_pb2.StampRequest(request_id=request_id, use_id=use_id, confirmed_sha256=confirmed_sha256)
        reply = self.uses.Stamp(request, timeout=self.timeout)
        match reply.WhichOneof("result"):
            case "complete":
                return reply.complete
            case "refused":
                raise Refused(reply.refused)
            case outcome:
                raise NotDone(outcome, getattr(reply, outcome))

    def fetch(self, use_id, on_event=None):
        """Receipt and the bytes to append. `on_event` is told each event as it arrives."""
        receipt, appended = None, []
        for event in self.uses.Fetch(use_pb2.FetchRequest(use_id=use_id), timeout=self.timeout):
            if on_event:
                on_event(event)
            if event.WhichOneof("event") == "receipt":
                receipt = event.receipt
            else:
                appended.append(event.chunk)
        return receipt, b"".join(appended)

    def acknowledge(self, use_id):
        self.uses.Acknowledge(use_pb2.AcknowledgeRequest(use_id=use_id), timeout=self.timeout)

    def stamp(self, source, *, seal, reason, placement, acknowledge=True):
        """The whole way for one copy of a file: submit, review, stamp, fetch, check the digest, acknowledge."""
        pdf = Path(source).read_bytes()
        submitted = self.submit(pdf, file_name=Path(source).name, seal=seal, reason=reason, placements=[placement])
        prepared = self.review(submitted.request_id)
        use_id = str(uuid.uuid4())
        self.use(submitted.request_id, use_id, prepared.prepared_sha256)
        receipt, appended = self.fetch(use_id)
        result = pdf + appended
        if hashlib.sha256(result).digest() != receipt.output_sha256 or len(result) != receipt.output_size:
            raise RuntimeError("what was fetched does not match the receipt")
        if acknowledge:
            self.acknowledge(use_id)
        return Stamped(result, receipt)

    # -- office

    def describe_office(self):
        return self.office.DescribeOffice(office_pb2.DescribeOfficeRequest(), timeout=self.timeout)

    def show_office(self):
        """The office, all pages of it."""
        whole = office_pb2.ShowOfficeReply()
        while True:
            request = office_pb2.ShowOfficeRequest(after=whole.next)
            page = self.office.ShowOffice(request, timeout=self.timeout)
            whole.next = ""
            whole.MergeFrom(page)
            if not page.next:
                return whole

    def show_request(self, request_id):
        return self.requests.ShowRequest(office_pb2.ShowRequestRequest(request_id=request_id), timeout=self.timeout).request

    def list_requests(self, which="", ended=False):
        """All of them, page by page."""
        requests, after = [], ""
        while True:
            request = office_pb2.ListRequestsRequest(which=which, ended=ended, after=after)
            page = self.requests.ListRequests(request, timeout=self.timeout)
            requests += page.requests
            after = page.next
            if not after:
                return requests

    # -- journal

    def head(self):
        return self.journal.ShowHead(journal_pb2.ShowHeadRequest(), timeout=self.timeout)

    def records(self, from_seq=0, types=()):
        """All records from `from_seq` on, in order."""
        while True:
            request = journal_pb2.ListRecordsRequest(from_seq=from_seq, limit=10_000, types=list(types))
            last = None
            for last in self.journal.ListRecords(request, timeout=self.timeout):
                yield last
            if last is None:
                return
            from_seq = last.seq + 1
