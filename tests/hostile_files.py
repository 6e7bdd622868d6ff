#!/usr/bin/env python3
"""Has one real daemon, with the policy as `init` writes it, decide on a set of hostile PDFs that `hostile/` makes.

    target/venv/bin/python tests/hostile_files.py [--only TEXT] [--show]

Each file is asked to be stamped over gRPC. What counts as wrong:

- a verdict other than the one that stands beside the file: refused for other reasons, stamped with other findings, or the other way round;
- a refusal of what a rule broke that names none, an RPC that fails, a daemon that is gone;
- a stamped file that any judge calls invalid, an answer that takes longer than the guard;
- a journal that does not verify at the end, or an input file that was touched.

How many files took longer than two seconds is told and does not count: machines differ. What does not count either: a judge that
abstains because it cannot read the original. --show prints what happened to each file.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

import judges
from agent_process import BINARIES, Agent
from hostile.files import FILES
from sealkeeper_client import ROOT, Client, Refused, at, fault

GUARD_S = 20  # for one file, from its first byte to the last of what is appended
SOON_S = 2
AT_ONCE = 3  # less than the uploads one caller may have in progress, one of which may yet be ending
RUN = ROOT / "target/hostile"


def main():
    parser = argparse.ArgumentParser(description="Hostile PDFs, each with what must become of it.")
    parser.add_argument("--only", default="", help="only files whose name contains this")
    parser.add_argument("--show", action="store_true", help="print what happened to each file")
    arguments = parser.parse_args()
    files = [file for name, file in FILES.items() if arguments.only in name]
    shutil.rmtree(RUN, ignore_errors=True)
    run = Run(arguments.show)
    with multiprocessing.Pool(2, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        inputs = dict(zip([file.name for file in files], pool.map(written, [file.name for file in files], chunksize=4)))
        with Agent(RUN / "agent") as agent:
            run.decide_all(agent, files, inputs, pool)
    for wrong in run.wrong:
        print(f"WRONG {wrong}")
    print(f"{run.stamped} stamped, {len(files) - run.stamped} refused; {run.slow} took longer than {SOON_S} s")
    print(f"hostile: {len(files)} files, {len(run.wrong)} wrong")
    return 1 if run.wrong else 0


def written(name):
    """Makes a file and writes it; its path and SHA-256."""
    path = RUN / "files" / f"{name}.pdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = FILES[name].make()
    path.write_bytes(data)
    path.chmod(0o400)
    return path, hashlib.sha256(data).digest()


class Run:
    """One run over the set: what was wrong."""

    def __init__(self, show):
        self.show = show
        self.wrong = []
        self.slow = 0
        self.stamped = 0

    def decide_all(self, agent, files, inputs, pool):
        """Several files at once, the judges beside them."""
        nss = judges.trust_store(RUN / "nss", agent.ca)
        judged = []
        with Client(agent.socket, timeout=6 * GUARD_S) as client, ThreadPoolExecutor(AT_ONCE) as threads:
            client.unlock(agent.token_serial, agent.pin, uses=10_000, idle_ms=3_600_000)
            for file, result in zip(files, threads.map(lambda file: self.decide(client, agent, file, inputs[file.name]), files)):
                if result is not None:
                    original = inputs[file.name][0]
                    target = original.with_suffix(".sealed.pdf")
                    target.write_bytes(result)
                    judged.append((file.name, pool.apply_async(judges.judge, (judges.Case(target, agent.ca, 1, original, nss),))))
        for name, verdicts in judged:
            self.take(name, verdicts.get())
        self.check_the_end(agent, inputs)

    def decide(self, client, agent, file, written):
        """The stamped bytes if it was stamped, else nothing."""
        started = time.monotonic()
        result, told = None, []
        try:
            result, told = self.stamp(client, agent, file, written[0])
        except Refused as refused:
            told = [(violation.reason, dict(violation.details)) for violation in refused.violations]
        except grpc.RpcError as error:
            self.wrong.append(f"{file.name}: {error.code().name} {fault(error)[0]} {error.details()}")
            return None
        except Exception as error:  # one file's trouble must not end the run
            self.wrong.append(f"{file.name}: {type(error).__name__}: {error}")
            return None
        seconds = time.monotonic() - started
        happened = f"{'stamped' if result else 'refused'} " + "; ".join(
            " ".join([code, *(f"{key}={value}" for key, value in details.items())]) for code, details in told
        )
        if self.show:
            print(f"{seconds:5.1f} s  {file.name}: {happened}", flush=True)
        self.slow += seconds > SOON_S
        self.stamped += result is not None
        if file.verdict.differs(result is not None, told):
            self.wrong.append(f"{file.name} ({file.says}) was {happened} instead of {file.verdict}")
        if seconds > GUARD_S:
            self.wrong.append(f"{file.name} took {seconds:.0f} s")
        return result

    @staticmethod
    def stamp(client, agent, file, path):
        """The whole way for one copy; the stamped bytes and what was found."""
        pdf = path.read_bytes()
        asked = {"seal": agent.seals[1], "reason": "hostile", "placements": [at(file.pages, *file.at)]}
        submitted = client.submit(pdf, file_name=path.name, **asked)
        prepared = client.review(submitted.request_id)
        use_id = str(uuid.uuid4())
        client.use(submitted.request_id, use_id, prepared.prepared_sha256)
        receipt, appended = client.fetch(use_id)
        client.acknowledge(use_id)
        result = pdf + appended
        if hashlib.sha256(result).digest() != receipt.output_sha256:
            raise RuntimeError("what was fetched does not match the receipt")
        return result, [(finding.reason, dict(finding.details)) for finding in submitted.findings]

    def take(self, name, verdicts):
        """The judges' verdicts on one file."""
        for verdict in verdicts:
            if verdict.outcome is judges.Outcome.INVALID:
                self.wrong.append(f"{name}: {verdict.judge} says invalid: {verdict.why}")
            elif self.show and verdict.outcome is judges.Outcome.ABSTAINS:
                print(f"         {name}: {verdict.judge} abstains: {verdict.why}")

    def check_the_end(self, agent, inputs):
        """The daemon lives, its journal is whole, and nobody touched the files."""
        if not agent.alive():
            self.wrong.append(f"the daemon is gone: {agent.last_words()}")
            return
        command = [BINARIES / "seal", "audit", "verify", "--json", "--socket", agent.socket]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            self.wrong.append(f"the journal does not verify: {done.stdout}{done.stderr}")
        elif self.show:
            print(json.loads(done.stdout.splitlines()[0]))
        for name, (path, sha256) in inputs.items():
            if hashlib.sha256(path.read_bytes()).digest() != sha256:
                self.wrong.append(f"{name}: the input was changed")


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.exit(main())
