#!/usr/bin/env python3
"""Stamps a folder of real PDFs with one real daemon and lets the judges decide.

    target/venv/bin/python tests/corpus.py [--bless] [--only TEXT] [FOLDER]

FOLDER is $SEALKEEPER_CORPUS or ../shared/corpus beside the repository; where there is none, the run says so and counts as
passed. Each file is stamped over gRPC with the seal in the middle of the last page; what is found
in a document is warned of, for test files are blank, or hold scripts, on purpose. What counts as failure:

- a stamped file that any judge calls invalid;
- a refusal without a reason code of the contract, or an RPC that fails;
- an answer that takes longer than the guard, or a daemon that is gone at the end;
- fewer than 644 files stamped (of the whole corpus);
- a table of refusals that differs from tests/snapshots/corpus.txt (--bless writes it anew).

What does not count: a judge that abstains because it cannot read the original either.
"""

import argparse
import multiprocessing
import os
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import grpc
from pyhanko.pdf_utils.reader import PdfFileReader

import judges
from agent_process import Agent
from sealkeeper_client import ROOT, Client, Refused, at, fault

AT_LEAST = 644
GUARD_S = 60  # for one call of one file
SNAPSHOT = ROOT / "tests/snapshots/corpus.txt"
RUN = ROOT / "target/corpus"
POINT_UM = 25_400 / 72
A4_CENTRE_UM = (105_000, 148_500)


def main():
    parser = argparse.ArgumentParser(description="Stamp a corpus of PDFs and let the judges decide.")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--bless", action="store_true", help="write the snapshot of refusals anew")
    parser.add_argument("--only", default="", help="only files whose path contains this; no snapshot, no minimum")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(os.environ.get("SEALKEEPER_CORPUS") or ROOT.parent / "shared/corpus")
    if not folder.is_dir():
        print(f"corpus: skipped, there is no {os.path.relpath(folder, ROOT)} (set SEALKEEPER_CORPUS)")
        return 0
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == ".pdf" and arguments.only in str(path.relative_to(folder))
    )
    run = Run(folder)
    with multiprocessing.Pool(2, initializer=_worker) as pool, Agent(RUN / "agent", lenient=True) as agent:
        run.stamp_all(agent, files, pool)
    return run.report(arguments.bless, whole=not arguments.only)


class Run:
    """One run over the corpus: what became of each file."""

    def __init__(self, folder):
        self.folder = folder
        self.stamped = 0
        self.refused = {}  # path -> reason codes, joined by "+"
        self.invalid = []  # (path, verdict)
        self.abstained = []  # (path, verdict)
        self.failures = []

    def stamp_all(self, agent, files, pool):
        """Stamps one file after the other, while the pool judges those that are done."""
        output = RUN / "stamped"
        output.mkdir(parents=True, exist_ok=True)
        nss = judges.trust_store(RUN / "nss", agent.ca)
        centres = dict(zip(files, pool.map(page_centre, files, chunksize=8)))
        pending = []
        with Client(agent.socket, timeout=GUARD_S) as client:
            client.unlock(agent.token_serial, agent.pin, uses=10_000, idle_ms=3_600_000)
            for path in files:
                name = str(path.relative_to(self.folder))
                # Where a seal of 40 mm does not fit, one of 1 mm tells as much about the file.
                seal = agent.seals[0] if min(centres[path]) > 20_000 else agent.seals[2]
                result = self.stamp(client, path, name, seal, centres[path])
                if result is not None:
                    target = output / name.replace("/", "__")
                    target.write_bytes(result)
                    case = judges.Case(target, agent.ca, 1, path, nss)
                    pending.append((name, pool.apply_async(judges.judge, (case,))))
                if not agent.alive():
                    self.failures.append(f"the daemon is gone after {name}: {agent.last_words()}")
                    break
            else:
                if not client.list_seals():
                    self.failures.append("the daemon lists no seals at the end")
        for name, verdicts in pending:
            self.take(name, verdicts.get())

    def stamp(self, client, path, name, seal, centre):
        """The stamped bytes, or None if it was refused or failed."""
        started = time.monotonic()
        try:
            stamped = client.stamp(path, seal=seal, reason="corpus", placement=at("last", *centre))
        except Refused as refused:
            self.refused[name] = "+".join(refused.reasons)
            if not refused.reasons or not all(re.fullmatch(r"[a-z0-9-]{1,64}", code) for code in refused.reasons):
                self.failures.append(f"{name}: refused without a reason code")
        except grpc.RpcError as error:
            self.failures.append(f"{name}: {error.code().name} {fault(error)[0]} {error.details()}")
        except Exception as error:  # one file's trouble must not end the run
            self.failures.append(f"{name}: {type(error).__name__}: {error}")
        else:
            self.stamped += 1
            if stamped.pdf.startswith(path.read_bytes()):
                return stamped.pdf
            self.failures.append(f"{name}: the result does not begin with the original")
        finally:
            if time.monotonic() - started > GUARD_S:
                self.failures.append(f"{name}: took {time.monotonic() - started:.0f} s")
        return None

    def take(self, name, verdicts):
        """Counts the verdicts on one file."""
        for verdict in verdicts:
            if verdict.outcome is judges.Outcome.INVALID:
                self.invalid.append((name, verdict))
            elif verdict.outcome is judges.Outcome.ABSTAINS:
                self.abstained.append((name, verdict))

    def report(self, bless, whole):
        """Prints the outcome, ends with the line of figures; returns the exit code."""
        if whole:
            self.compare(bless)
            if self.stamped < AT_LEAST:
                self.failures.append(f"only {self.stamped} files stamped, at least {AT_LEAST} must be")
        for reason, count in Counter(self.refused.values()).most_common():
            print(f"  {count:4}  {reason}")
        for name, verdict in self.invalid:
            print(f"INVALID {name}: {verdict.judge}: {verdict.why}")
        for failure in self.failures:
            print(f"FAILED {failure}")
        for name, verdict in self.abstained:
            print(f"  {verdict.judge} abstains on {name}: {verdict.why}")
        invalid = len({name for name, _ in self.invalid})
        print(f"corpus: {self.stamped} stamped, {len(self.refused)} refused, {invalid} invalid")
        return 1 if invalid or self.failures else 0

    def compare(self, bless):
        """The refusals against the snapshot."""
        table = "".join(f"{reason}  {name}\n" for name, reason in sorted(self.refused.items(), key=lambda item: item[::-1]))
        if bless:
            SNAPSHOT.parent.mkdir(exist_ok=True)
            SNAPSHOT.write_text(table, encoding="utf-8")
            return
        before = SNAPSHOT.read_text(encoding="utf-8") if SNAPSHOT.exists() else ""
        gone, new = set(before.splitlines()) - set(table.splitlines()), set(table.splitlines()) - set(before.splitlines())
        for line in sorted(gone):
            self.failures.append(f"no longer in the snapshot's words: {line}")
        for line in sorted(new):
            self.failures.append(f"not in the snapshot: {line}")


def page_centre(path):
    """Centre of the last page as a person sees it, in µm from its top left corner.

    ISO 32000-2 §7.7.3.3, Table 31: CropBox within MediaBox, both inherited, turned by Rotate, in units of UserUnit. Where
    pyHanko cannot read the page, that of A4: the agent will have its own view of such a file.
    """
    signal.alarm(GUARD_S)
    try:
        with open(path, "rb") as handle:
            page = _last_page(PdfFileReader(handle, strict=False).root["/Pages"].get_object())
            media = _box(_inherited(page, "/MediaBox"))
            crop = _inherited(page, "/CropBox")
            left, bottom, right, top = _within(_box(crop), media) if crop is not None else media
            turned = int(_inherited(page, "/Rotate") or 0) % 180 != 0
            unit = float(page.get("/UserUnit", 1)) * POINT_UM
            size = ((right - left) * unit / 2, (top - bottom) * unit / 2)
            return (size[1], size[0]) if turned else size
    except Exception:  # damaged files make it raise anything
        return A4_CENTRE_UM
    finally:
        signal.alarm(0)


def _last_page(node, depth=0):
    """The last leaf of the page tree."""
    if depth > 100:
        raise ValueError("page tree too deep")
    kids = node.get("/Kids")
    if kids is None:
        return node
    for kid in reversed(kids):
        kid = kid.get_object()
        if kid.get("/Kids") is None or len(kid["/Kids"]):
            return _last_page(kid, depth + 1)
    raise ValueError("no pages")


def _inherited(page, key):
    for _ in range(100):
        if key in page:
            return page[key]
        if "/Parent" not in page:
            return None
        page = page["/Parent"].get_object()
    raise ValueError("page tree too deep")


def _box(array):
    x1, y1, x2, y2 = (float(number) for number in array)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _within(inner, outer):
    box = (max(inner[0], outer[0]), max(inner[1], outer[1]), min(inner[2], outer[2]), min(inner[3], outer[3]))
    return box if box[0] < box[2] and box[1] < box[3] else outer


def _worker():
    """A pool worker: an alarm ends what hangs; Ctrl-C is the parent's business."""

    def too_long(*_):
        raise TimeoutError("took too long")

    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
