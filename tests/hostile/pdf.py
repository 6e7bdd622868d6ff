"""Writes PDFs object by object, so that each can be wrong in just one way."""

import zlib

A4 = (595, 842)
# Printable and plain: what a page shows that is not what its file is about.
TEXT = (
    b"BT /F1 16 Tf 72 770 Td (Purchase contract HT-2026-0317) Tj /F1 11 Tf 0 -30 Td (The parties agree as follows.) Tj "
    b"0 -18 Td (1. The seller delivers forty machines.) Tj 0 -18 Td (2. The buyer pays on delivery.) Tj ET\n"
)


class Pdf:
    """A file in the making. Offsets count from the header; what `raw` adds may be anything."""

    def __init__(self, header=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", before=b""):
        self.out = bytearray(before + header)
        self.base = len(before)
        self.places = {}  # number -> (offset, generation), None if freed, or (stream, index, "in") if compressed
        self.previous = None
        self.highest = 0

    def offset(self):
        return len(self.out) - self.base

    def raw(self, text):
        self.out += text if isinstance(text, bytes) else text.encode()
        return self

    def obj(self, number, body, generation=0, end="\nendobj\n"):
        """An object; its place goes into the next cross-reference section."""
        self.places[number] = (self.offset(), generation)
        return self.raw(f"{number} {generation} obj\n").raw(body).raw(end)

    def stream(self, number, data, entries="", length=None, end="\nendstream\nendobj\n"):
        """A stream, its data as given; `length` where /Length lies."""
        data = data if isinstance(data, bytes) else data.encode()
        self.places[number] = (self.offset(), 0)
        self.raw(f"{number} 0 obj\n<</Length {len(data) if length is None else length}{entries}>>\nstream\n")
        return self.raw(data).raw(end)

    def deflated(self, number, data, entries=""):
        data = data if isinstance(data, bytes) else data.encode()
        return self.stream(number, zlib.compress(data, 9), f"/Filter/FlateDecode{entries}")

    def free(self, number):
        """The next section says that there is no such object."""
        self.places[number] = None
        return self

    def object_stream(self, number, objects, entries="", count=None, head=None):
        """Objects within a stream, in this order."""
        bodies = [body.encode() if isinstance(body, str) else body for body in objects.values()]
        starts, at = [], 0
        for body in bodies:
            starts.append(at)
            at += len(body) + 1
        index = head or " ".join(f"{object_number} {start}" for object_number, start in zip(objects, starts)) + " "
        data = index.encode() + b"\n".join(bodies)
        self.deflated(number, data, f"/Type/ObjStm/N {len(objects) if count is None else count}/First {len(index)}{entries}")
        for place, object_number in enumerate(objects):
            self.places[object_number] = (number, place, "in")
        return self

    def subsections(self):
        """Runs of consecutive numbers, of a table; the first section heads the free list."""
        places = dict(self.places)
        if self.previous is None:
            places[0] = None
        runs = []
        for number in sorted(places):
            if runs and runs[-1][-1][0] == number - 1:
                runs[-1].append((number, places[number]))
            else:
                runs.append([(number, places[number])])
        return runs

    def size(self):
        self.highest = max([self.highest, *self.places])
        return self.highest + 1

    def table(self, trailer="", *, end_of_line=b" \n", size=None, root="/Root 1 0 R", startxref=None, previous=True):
        """A cross-reference table and what follows it."""
        size = self.size() if size is None else size
        at = self.offset()
        self.raw("xref\n")
        for run in self.subsections():
            self.raw(f"{run[0][0]} {len(run)}\n")
            for number, place in run:
                entry = f"{place[0]:010} {place[1]:05} n" if place else f"{0:010} {65535 if number == 0 else 1:05} f"
                self.raw(entry).raw(end_of_line)
        chain = f"/Prev {self.previous}" if previous and self.previous is not None else ""
        self.raw(f"trailer\n<</Size {size}{root}{chain}{trailer}>>\nstartxref\n{at if startxref is None else startxref}\n%%EOF\n")
        self.previous, self.places = at, {}
        return self

    def cross_references(self, number, trailer="", *, widths=(1, 4, 2), index=None, data=None, more=b"", own=None, root="/Root 1 0 R", size=None):
        """A cross-reference stream and what follows it. Its entries can be `data` instead, with `more` behind; `own` is a lie on itself."""
        at = self.offset()
        self.places[number] = (at if own is None else own, 0)
        size = self.size() if size is None else size
        rows = b""
        for _, place in (entry for run in self.subsections() for entry in run if data is None):
            if place is None:
                row = (0, 0, 65535)
            elif len(place) == 3:
                row = (2, place[0], place[1])
            else:
                row = (1, *place)
            rows += b"".join(value.to_bytes(width, "big") for value, width in zip(row, widths))
        runs = " ".join(f"{run[0][0]} {len(run)}" for run in self.subsections())
        chain = f"/Prev {self.previous}" if self.previous is not None else ""
        entries = f"/Type/XRef/W[{' '.join(map(str, widths))}]/Index[{runs if index is None else index}]/Size {size}{root}{chain}{trailer}"
        self.deflated(number, (rows if data is None else data) + more, entries)
        self.raw(f"startxref\n{at}\n%%EOF\n")
        self.previous, self.places = at, {}
        return self

    def end(self, trailer=""):
        """The finished file, its last section a table."""
        return bytes(self.table(trailer).out)

    def __bytes__(self):
        return bytes(self.out)


def sheet(content=TEXT, *, page="", catalog="", resources="", pages="", box="/MediaBox[0 0 595 842]", header=None, font=True):
    """Catalog 1, page tree 2, one page 3 with content 4 and Helvetica as 5. Further objects are for the caller, from 10."""
    pdf = Pdf(header) if header else Pdf()
    pdf.obj(1, f"<</Type/Catalog/Pages 2 0 R{catalog}>>")
    pdf.obj(2, f"<</Type/Pages/Kids[3 0 R]/Count 1{pages}>>")
    contents = "" if content is None else "/Contents 4 0 R"
    pdf.obj(3, f"<</Type/Page/Parent 2 0 R{box}/Resources<<{'/Font<</F1 5 0 R>>' if font else ''}{resources}>>{contents}{page}>>")
    if content is not None:
        pdf.stream(4, content)
    if font:
        pdf.obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    return pdf


def sheets(contents, **more):
    """Several pages, from object 20 on, in pairs of page and content."""
    pdf = Pdf()
    numbers = [20 + 2 * place for place in range(len(contents))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    pdf.obj(1, f"<</Type/Catalog/Pages 2 0 R{more.get('catalog', '')}>>")
    pdf.obj(2, f"<</Type/Pages/Kids[{kids}]/Count {len(contents)}/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>>>")
    pdf.obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    for number, content in zip(numbers, contents):
        pdf.obj(number, f"<</Type/Page/Parent 2 0 R/Contents {number + 1} 0 R>>")
        pdf.stream(number + 1, content)
    return pdf


def changed(pdf, old, new):
    """The file with the only occurrence of `old` replaced by `new`; offsets stay as they are if both are as long."""
    data, old, new = (text.encode() if isinstance(text, str) else bytes(text) for text in (pdf, old, new))
    if data.count(old) != 1:
        raise ValueError(f"{old!r} occurs {data.count(old)} times")
    return data.replace(old, new)


def zeros_deflated(mebibytes):
    """A zlib stream (RFC 1950) of so many MiB of zeros, made in no time: one flushed block over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    # Adler-32 of n zeros: a is 1, b is n.
    checksum = ((mebibytes << 20) % 65521 << 16 | 1).to_bytes(4, "big")
    return b"\x78\xda" + block * mebibytes + b"\x03\x00" + checksum
