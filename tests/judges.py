#!/usr/bin/env python3
"""Independent judges of stamped PDFs: pdfsig (poppler), pyHanko, qpdf and openssl.

Each judge is a function that takes a `Case` and returns a `Verdict`. None of them shares code with the product. All are
safe to call from worker processes. As a command:

    judges.py --ca CA.PEM --signatures N [--original BEFORE.PDF] STAMPED.PDF

prints one line per judge and exits with 1 if any of them says invalid.

"Ours" are the signatures whose certificate was issued by the given CA; there must be exactly N of them, and the newest
must cover the whole file. Signatures by others that the original carried must not have become worse by the stamp.
"""

import argparse
import functools
import logging
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel
from pyhanko.sign.general import load_cert_from_pemder
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from signatures import load_certificate, signatures

# Seconds any tool may take over one file before it counts as hanging.
TOOL_TIMEOUT = 30

# pyHanko logs every finding as it goes; what counts is in the verdict.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


class Outcome(Enum):
    """What a judge says of a file."""

    VALID = "valid"
    INVALID = "invalid"
    # The judge cannot read the original either, so its silence says nothing about the stamp.
    ABSTAINS = "abstains"


@dataclass(frozen=True)
class Verdict:
    """One judge's verdict and, in one line, why."""

    judge: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True)
class Case:
    """What is to be judged."""

    stamped: Path
    ca: Path  # PEM of the CA that issued the seals' certificates
    expected: int  # number of signatures under that CA
    original: Path | None = None  # the file before its first stamp
    nss: Path | None = None  # a database made by `trust_store`; without it pdfsig judges integrity only


class Objection(Exception):
    """Raised inside a judge with the reason why the file is not valid."""


class Abstention(Exception):
    """Raised inside a judge that cannot read the original either."""


def _judge(name):
    """Turns a function that returns a remark, or raises `Objection` or `Abstention`, into a judge."""

    def wrap(function):
        @functools.wraps(function)
        def judged(case):
            try:
                return Verdict(name, Outcome.VALID, function(case) or "")
            except Objection as objection:
                return Verdict(name, Outcome.INVALID, str(objection))
            except Abstention as abstention:
                return Verdict(name, Outcome.ABSTAINS, str(abstention))

        return judged

    return wrap


def judge(case):
    """All four verdicts on one file."""
    return [pdfsig(case), pyhanko(case), qpdf(case), openssl(case)]


# ------------------------------------------------------------------------------------------------------- pdfsig


@_judge("pdfsig")
def pdfsig(case):
    """poppler: every signature of ours "is Valid", the newest covers the "Total document", the certificates are trusted.

    Quirk: it takes over each signer's certificate as a temporary one and then calls the second signature by the same
    certificate "Unknown issue with Certificate or corrupted data". Only there that is let pass; integrity never is.
    """
    command = ["pdfsig", *(["-nssdir", f"sql:{case.nss}"] if case.nss else ["-nocert"])]
    output = _run_on(case, command).stdout
    seen = {}
    for block in re.split(r"^Signature #\d+:$", output, flags=re.MULTILINE)[1:]:
        lines = dict(re.findall(r"^  - ([^:\n]+)(?:: (.*))?$", block, flags=re.MULTILINE))
        numbers = [int(number) for number in re.findall(r"\d+", lines.get("Signed Ranges", ""))]
        if len(numbers) == 4:
            seen[(numbers[0], numbers[1], numbers[2], numbers[3] - numbers[2])] = lines
    ours = _ours(case)
    certificates = set()
    for index, signature in enumerate(ours):
        lines = seen.get(signature.byte_range)
        if lines is None:
            raise Objection(f"signature {index + 1} is not found")
        if lines.get("Signature Validation") != "Signature is Valid.":
            raise Objection(f"signature {index + 1}: {lines.get('Signature Validation')}")
        if index == len(ours) - 1 and "Total document signed" not in lines:
            raise Objection("the newest signature does not cover the whole document")
        if case.nss:
            trust = lines.get("Certificate Validation", "nothing said")
            repeated = signature.signer.sha256 in certificates and trust.startswith("Unknown issue with Certificate")
            if trust != "Certificate is Trusted." and not repeated:
                raise Objection(f"signature {index + 1}: {trust}")
        certificates.add(signature.signer.sha256)
    return "trusted" if case.nss else "integrity only"


def trust_store(folder, ca):
    """Makes an NSS database in `folder` that trusts `ca` for signatures, once; returns the folder. Needs libnss3-tools."""
    folder = Path(folder)
    if not (folder / "cert9.db").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for arguments in (["-N", "--empty-password"], ["-A", "-n", "test-ca", "-t", "CT,C,C", "-i", str(ca)]):
            subprocess.run(["certutil", "-d", f"sql:{folder}", *arguments], check=True, capture_output=True)
    return folder


# ------------------------------------------------------------------------------------------------------ pyHanko


@_judge("pyhanko")
def pyhanko(case):
    """pyHanko: integrity, trust, coverage, and its difference policy over all that was appended after each signature.

    The strict reader goes first. Where it refuses (hybrid files, and deviations it takes for damage), the file is read
    again leniently and the remark says so. A file whose original neither reader opens gets no verdict.
    """
    remark = ""
    try:
        statuses = _pyhanko_statuses(case.stamped, case.ca, strict=True)
    except Exception as strict_error:  # damaged files make it raise anything
        remark = f"lenient reader ({strict_error})"
        try:
            statuses = _pyhanko_statuses(case.stamped, case.ca, strict=False)
        except Exception as error:
            if case.original and not _pyhanko_opens(case.original):
                raise Abstention(f"cannot read the original: {error}") from error
            raise Objection(f"cannot judge it: {type(error).__name__}: {error}") from error

    ours = {signature.byte_range for signature in _ours(case)}
    found = {key for key in statuses if key in ours}
    if found != ours:
        raise Objection(f"finds {len(found)} of {len(ours)} signatures")
    for key, status in statuses.items():
        if key in ours and not status.bottom_line:
            raise Objection(f"signature over {key}: {status.summary()}; {status.modification_level}")
    newest = statuses[max(ours, key=lambda key: key[2] + key[3])]
    if newest.coverage.name != "ENTIRE_FILE":
        raise Objection(f"the newest signature covers {newest.coverage.name}")
    _pyhanko_others(case, statuses, ours)
    return remark


def _pyhanko_others(case, statuses, ours):
    """Signatures by others are at least as good as they were in the original."""
    others = {key: status for key, status in statuses.items() if key not in ours}
    if not others or not case.original:
        return
    before = _pyhanko_statuses(case.original, case.ca, strict=False)
    for key, status in others.items():
        was = before.get(key)
        if was is None:
            raise Objection(f"a signature over {key} that was not there before")
        if (was.intact, was.valid) != (status.intact, status.valid):
            raise Objection(f"an earlier signature over {key} is broken")
        worse = status.modification_level == ModificationLevel.OTHER != was.modification_level
        if worse or (was.docmdp_ok and not status.docmdp_ok):
            raise Objection(f"an earlier signature over {key} takes the stamp for tampering")


def _pyhanko_statuses(path, ca, strict):
    """Status of each embedded signature by its /ByteRange."""
    with open(path, "rb") as handle:
        reader = PdfFileReader(handle, strict=strict)
        statuses = {}
        for signature in reader.embedded_signatures:
            context = ValidationContext(trust_roots=[load_cert_from_pemder(str(ca))], allow_fetching=False)
            key = tuple(int(number) for number in signature.byte_range)
            # A document time stamp (ISO 32000-2 §12.8.5) is another kind of object.
            is_time_stamp = signature.sig_object.get("/Type") == "/DocTimeStamp"
            validate = validate_pdf_timestamp if is_time_stamp else validate_pdf_signature
            statuses[key] = validate(signature, context, diff_policy=DEFAULT_DIFF_POLICY)
        return statuses


def _pyhanko_opens(path):
    try:
        with open(path, "rb") as handle:
            reader = PdfFileReader(handle, strict=False)
            reader.root["/Pages"].get_object()
            return reader.embedded_signatures is not None
    except Exception:  # damaged files make it raise anything
        return False


# --------------------------------------------------------------------------------------------------------- qpdf


@_judge("qpdf")
def qpdf(case):
    """qpdf --check finds nothing in what the stamp wrote, and nothing elsewhere that it did not find in the original.

    Offsets and numbers are left out of the comparison: a rewritten object or trailer is met again at its new place, and keeps
    the bytes of what the stamp has no business with.
    A complaint about an object that the stamp did not write is the original's own, even if qpdf comes upon it only now
    (it skips much where linearization data is broken, and a stamped file is no longer read as linearized).
    """
    stamped = _qpdf_complaints(_run_on(case, ["qpdf", "--check"]), case.stamped)
    if not case.original:
        if stamped:
            raise Objection("; ".join(sorted(stamped)[:3]))
        return ""
    before = _qpdf_complaints(_run(["qpdf", "--check", str(case.original)]), case.original)
    written = _objects_written(case)
    new = sorted(text for text in stamped - before if _object_named(text) in written)
    if new:
        raise Objection("; ".join(new[:3]))
    return f"{len(stamped)} complaints about the original" if stamped else ""


def _qpdf_complaints(done, path):
    """What qpdf complains of, without the file's name and without offsets."""
    complaints = set()
    for line in (done.stdout + done.stderr).splitlines():
        if line.startswith(("WARNING: ", "ERROR: ")):
            complaints.add(re.sub(r"\boffset \d+", "offset", line.replace(str(path), "FILE")))
    if done.returncode not in (0, 3) and not complaints:
        complaints.add(f"exit code {done.returncode}")
    return complaints


def _objects_written(case):
    """Numbers of the objects written by the stamp, and None, which stands for the file's structure itself."""
    appended = case.stamped.read_bytes()[case.original.stat().st_size :]
    return {None, *(int(number) for number in re.findall(rb"(?<!\d)(\d+) \d+ obj\b", appended))}


def _object_named(complaint):
    named = re.search(r"object (\d+) \d+\b", complaint)
    return int(named.group(1)) if named else None


# ------------------------------------------------------------------------------------------------------ openssl


@_judge("openssl")
def openssl(case):
    """openssl cms -verify -cades: CMS, signing-certificate-v2 and chain of each signature over exactly its ByteRange.

    /Contents and ByteRange are taken from the file's bytes here, not by a PDF library.
    """
    pdf = case.stamped.read_bytes()
    ours = _ours(case)
    for index, signature in enumerate(ours):
        with tempfile.TemporaryDirectory() as folder:
            content, cms = Path(folder, "content"), Path(folder, "cms.der")
            content.write_bytes(signature.signed_bytes(pdf))
            cms.write_bytes(signature.cms_der)
            command = ["openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", str(cms)]
            command += ["-content", str(content), "-CAfile", str(case.ca), "-purpose", "any", "-out", "/dev/null"]
            done = _run(command)
        if done is None or done.returncode != 0:
            raise Objection(f"signature {index + 1}: {_trouble(done) or ' / '.join(done.stderr.split(chr(10))[:3])}")
    if ours and ours[-1].end != len(pdf):
        raise Objection(f"{len(pdf) - ours[-1].end} bytes after what the newest signature covers")
    return ""


# ------------------------------------------------------------------------------------------------------- common


def _ours(case):
    """Our signatures, oldest first; their number is as expected, or that is the objection."""
    ca = load_certificate(case.ca)
    ours = [signature for signature in signatures(case.stamped.read_bytes()) if signature.issued_by(ca)]
    if len(ours) != case.expected:
        raise Objection(f"{len(ours)} signatures instead of {case.expected}")
    return ours


def _run_on(case, command):
    """Runs a tool on the stamped file. If it crashes or hangs there, it must do so on the original too.

    A crash counts only if it repeats: qpdf 11 crashes now and then on some damaged object streams.
    """
    for _ in range(3):
        trouble = _trouble(done := _run([*command, str(case.stamped)]))
        if done is None or not trouble:
            break
    if trouble and case.original and _trouble(_run([*command, str(case.original)])):
        raise Abstention(f"{trouble}, as on the original")
    if trouble:
        raise Objection(trouble)
    return done


def _trouble(done):
    if done is None:
        return f"no answer in {TOOL_TIMEOUT} s"
    return f"ended by signal {-done.returncode}" if done.returncode < 0 else ""


def _run(command):
    """The finished process, its output as text; None if it took too long."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=TOOL_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return None


def main():
    parser = argparse.ArgumentParser(description="Ask four independent judges about a stamped PDF.")
    parser.add_argument("stamped", type=Path)
    parser.add_argument("--ca", type=Path, required=True, help="PEM of the CA of the seals' certificates")
    parser.add_argument("--signatures", type=int, required=True, help="number of signatures under that CA")
    parser.add_argument("--original", type=Path, help="the file before its first stamp")
    parser.add_argument("--nss", type=Path, help="folder for an NSS database that trusts the CA; made where missing")
    arguments = parser.parse_args()
    nss = trust_store(arguments.nss, arguments.ca) if arguments.nss else None
    verdicts = judge(Case(arguments.stamped, arguments.ca, arguments.signatures, arguments.original, nss))
    for verdict in verdicts:
        print(f"{verdict.judge:8} {verdict.outcome.value:8} {verdict.why}".rstrip())
    sys.exit(1 if any(verdict.outcome is Outcome.INVALID for verdict in verdicts) else 0)


if __name__ == "__main__":
    main()
