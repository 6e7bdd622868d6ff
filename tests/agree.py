#!/usr/bin/env python3
"""Asks whether other readers see what we see: poppler and MuPDF, over a folder of real PDFs.

    target/venv/bin/python tests/agree.py [--only TEXT] [FOLDER]

FOLDER is $SEALKEEPER_CORPUS or ../shared/corpus beside the repository; where there is none, the run says so and counts as passed. For
each file that the strict reader (crates/pades) takes, these are compared with each judge, for the first PAGES pages:

- `count`: the number of pages;
- `size`: the visible box and the rotation of each page (crates/pades), and its size as seen by crates/view;
- `blank`: whether a page shows anything (crates/view), by the judge's own picture of it;
- `text`: the characters of a page (crates/view), by the judge's own extraction.

What does not count: pages that a judge cannot draw or read; pictures with so little in them that it may be dust. Both judges extract
invisible text too, and we do not: files with such text are explained one by one.

A difference fails the run unless tests/agree_allowed.toml explains it; an explanation that no difference needs fails it as well. So does a
file on which our reader crashes or takes longer than the guard.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import unicodedata
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from statistics import median

import pymupdf

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = ROOT / "tests/agree_allowed.toml"
GUARD_S = 60  # for all pages of one file, whoever reads it
PAGES = 40  # of one file; the corpus has two long ones
POINT_UM = 25_400 / 72
SIZE_UM = 20  # readers print points with two to five digits

# As crates/view/src/marks.rs: what differs this much from the paper is a mark, if it is more than dust.
LEAST_CONTRAST = 24
# Pixels at 72 dpi: with fewer marked ones a page may be blank or not.
UNDECIDED = 40
# Part of a page's characters that both must have.
LEAST_COMMON = 0.9
# Pages with fewer characters are compared by whether they have any.
LEAST_CHARACTERS = 8


def main():
    parser = argparse.ArgumentParser(description="Compare what we see of PDFs with what other readers see.")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--only", default="", help="only files whose path contains this; unused explanations are no failure then")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(os.environ.get("SEALKEEPER_CORPUS") or ROOT.parent / "shared/corpus")
    if not folder.is_dir():
        print(f"agree: skipped, there is no {os.path.relpath(folder, ROOT)} (set SEALKEEPER_CORPUS)")
        return 0
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == ".pdf" and arguments.only in str(path.relative_to(folder))
    )
    with ProcessPoolExecutor(2) as pool:
        reports = dict(zip((str(path.relative_to(folder)) for path in files), pool.map(compare, files, chunksize=4)))
    return conclude(reports, whole=not arguments.only)


def conclude(reports, whole):
    """Prints what was found; the exit code."""
    allowed = tomllib.loads(ALLOWED.read_text())["difference"]
    used, failures = set(), []
    for name, report in reports.items():
        for about, page, said in report["differences"]:
            explained = [
                at
                for at, entry in enumerate(allowed)
                if fnmatch(name, entry["file"]) and about in entry["about"] and page in entry.get("pages", [page])
            ]
            used.update(explained)
            if not explained:
                failures.append(f"{name}, page {page}: {about}: {said}")
    if whole:
        unused = (entry for at, entry in enumerate(allowed) if at not in used)
        failures += [f"{entry['file']}: {', '.join(entry['about'])}: explained, but there is no difference" for entry in unused]
    for failure in failures:
        print(failure)
    times = sorted(time for report in reports.values() for time in report["ms"])
    compared = Counter()
    for report in reports.values():
        compared.update(report["compared"])
    differences = sum(len(report["differences"]) for report in reports.values())
    print(
        f"agree: {compared['files']} files, {compared['pages']} pages with poppler and MuPDF: sizes {compared['size']}, "
        f"blank or not {compared['blank']}, texts {compared['text']}; {differences} differences, {len(failures)} not explained; "
        f"{median(times or [0]):.0f} ms per page, at worst {max(times or [0]):.0f} ms"
    )
    return 1 if failures else 0


def compare(path):
    """Differences of one file, as (about, page from 1 or 0, what was said), with how much was compared."""
    report = {"differences": [], "compared": Counter(), "ms": []}
    ours = look(path)
    if "crash" in ours:
        report["differences"].append(("crash", 0, ours["crash"]))
        return report
    report["ms"] = [page["ms"] for page in ours["seen"].get("pages", [])]
    if "pages" not in ours["strict"]:
        return report
    report["compared"]["files"] += 1
    strict, seen = ours["strict"]["pages"], ours["seen"].get("pages", [])
    if len(strict) != len(seen):
        report["differences"].append(("count", 0, f"{len(strict)} pages read strictly, {len(seen)} seen"))
    for page, (exactly, sight) in enumerate(zip(strict, seen), 1):
        size = (sight.get("width_pt", 0) * POINT_UM, sight.get("height_pt", 0) * POINT_UM)
        if any(abs(one - exactly[other]) > SIZE_UM for one, other in zip(size, ("width_um", "height_um"))):
            report["differences"].append(("size", page, f"{size} µm are seen, read strictly {exactly}"))
    for judge in (Poppler, MuPdf):
        judge(path, report).judge(strict, seen)
    report["compared"]["pages"] += min(len(strict), PAGES)
    return report


def look(path):
    binary = Path(os.environ.get("SEALKEEPER_BIN") or ROOT / "target/debug") / "examples/look"
    try:
        done = subprocess.run([binary, path], capture_output=True, timeout=GUARD_S, check=False)
    except subprocess.TimeoutExpired:
        return {"crash": f"took longer than {GUARD_S} s"}
    if done.returncode != 0:
        return {"crash": f"ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-300:]}"}
    return json.loads(done.stdout)


class Judge:
    """What another reader says of one file."""

    name = "?"

    def __init__(self, path, report):
        self.path = path
        self.report = report

    def judge(self, strict, seen):
        count = self.count()
        if count is None:
            return
        if count != len(strict):
            self.differs("count", 0, f"{count} pages, read strictly {len(strict)}")
            return
        pages = min(count, PAGES)
        sizes, pictures, texts = self.sizes(pages), self.pictures(pages), self.texts(pages)
        for page, (exactly, look) in enumerate(zip(strict[:pages], seen[:pages]), 1):
            if page in sizes:
                self.compare_size(page, sizes[page], exactly)
            if "error" in look:
                continue
            if page in pictures:
                self.compare_blank(page, pictures[page], look)
            if page in texts:
                self.compare_text(page, texts[page], look)

    def differs(self, about, page, said):
        self.report["differences"].append((about, page, f"{self.name} says {said}"))

    def compare_size(self, page, theirs, exactly):
        """`theirs`: width and height of the visible box in user space, rotation in degrees."""
        self.report["compared"]["size"] += 1
        width, height, rotation = theirs
        left, bottom, right, top = exactly["box"]
        box = (right - left, top - bottom)
        near = all(abs(one - other) * POINT_UM <= SIZE_UM for one, other in zip((width, height), box))
        if not near or rotation != exactly["rotate"]:
            self.differs("size", page, f"{width} × {height} turned by {rotation}, read strictly {exactly}")

    def compare_blank(self, page, marked, look):
        """`marked`: how many pixels of the page's picture differ from its paper."""
        if 0 < marked < UNDECIDED:
            return
        self.report["compared"]["blank"] += 1
        if look["blank"] != (marked == 0):
            self.differs("blank", page, f"{marked} pixels are marked; {'blank' if look['blank'] else 'not blank'} as seen by us")

    def compare_text(self, page, text, look):
        theirs, ours = characters(text), characters("".join(look["lines"]))
        self.report["compared"]["text"] += 1
        most, fewest = max(theirs.total(), ours.total()), min(theirs.total(), ours.total())
        common = (theirs & ours).total() + min(look["undecoded"], (theirs - ours).total())
        if most < LEAST_CHARACTERS:
            if (most == 0) != (fewest == 0):
                self.differs("text", page, f"{''.join(theirs.elements())!r}, ours {''.join(ours.elements())!r}")
        elif common < LEAST_COMMON * most:
            self.differs("text", page, f"{theirs.total()} characters, ours {ours.total()}, common {common}: {text.strip()[:60]!r}")


def marked(rgb):
    """How many pixels differ from the paper, which is what most of them are; three bytes for each pixel."""
    return max(marked_in(rgb[part::3]) for part in range(3))


def marked_in(part):
    # Every 97th pixel tells the paper, unless there are few.
    sample = Counter(part[:: 97 if len(part) > 10_000 else 1])
    paper = max(sample, key=sample.get)
    differs = bytes(abs(value - paper) >= LEAST_CONTRAST for value in range(256))
    return part.translate(differs).count(1)


def characters(text):
    """What can be compared: neither white space nor what decomposes differently, nor what is unknown."""
    folded = unicodedata.normalize("NFKC", text)
    return Counter(c for c in folded if unicodedata.category(c)[0] not in "ZC" and c != "\ufffd")


class Poppler(Judge):
    """pdfinfo, pdftoppm and pdftotext."""

    name = "poppler"

    def count(self):
        done = run(["pdfinfo", self.path])
        found = re.search(rb"^Pages:\s+(\d+)$", done.stdout, re.MULTILINE) if done else None
        return int(found[1]) if found else None

    def sizes(self, pages):
        done = run(["pdfinfo", "-f", "1", "-l", str(pages), self.path])
        sizes = {}
        for line in (done.stdout if done else b"").decode(errors="replace").splitlines():
            if found := re.match(r"Page\s+(\d+) size:\s+([\d.]+) x ([\d.]+) pts", line):
                sizes[int(found[1])] = (float(found[2]), float(found[3]))
            elif found := re.match(r"Page\s+(\d+) rot:\s+(\d+)", line):
                sizes[int(found[1])] += (int(found[2]),)
        return sizes

    def pictures(self, pages):
        with tempfile.TemporaryDirectory() as folder:
            # Pages of several metres are drawn to the same number of pixels as small ones.
            large = any(max(size[:2]) > 2_000 for size in self.sizes(pages).values())
            scale = ["-scale-to", "1000"] if large else ["-r", "72"]
            run(["pdftoppm", *scale, "-l", str(pages), self.path, f"{folder}/page"])
            return {int(file.stem.split("-")[-1]): marked(pixels(file.read_bytes())) for file in Path(folder).iterdir()}

    def texts(self, pages):
        done = run(["pdftotext", "-enc", "UTF-8", "-l", str(pages), self.path, "-"])
        texts = done.stdout.decode(errors="replace").split("\f") if done and done.returncode == 0 else []
        return dict(enumerate(texts[:pages], 1))


class MuPdf(Judge):
    """MuPDF by its Python binding."""

    name = "MuPDF"

    def count(self):
        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        try:
            self.document = pymupdf.open(self.path)
            return None if self.document.needs_pass else self.document.page_count
        except Exception:  # it raises whatever its C++ does
            return None

    def each(self, pages, of):
        found = {}
        for page in range(pages):
            try:
                found[page + 1] = of(self.document[page])
            except Exception:  # as above
                continue
        return found

    def sizes(self, pages):
        return self.each(pages, lambda page: (page.cropbox.width, page.cropbox.height, page.rotation))

    def pictures(self, pages):
        def draw(page):
            scale = min(1, 1_500 / max(page.rect.width, page.rect.height))
            return marked(page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB).samples)

        return self.each(pages, draw)

    def texts(self, pages):
        return self.each(pages, lambda page: page.get_text())


def pixels(ppm):
    """The data of a PPM with three bytes for each pixel."""
    return ppm.split(b"\n", 3)[3]


def run(command):
    try:
        return subprocess.run(command, capture_output=True, timeout=GUARD_S, check=False)
    except subprocess.TimeoutExpired:
        return None


if __name__ == "__main__":
    sys.exit(main())
