"""Files that say what is not so, and files that only look wrong: what of it is damage stands in docs/damaged.md."""

from .case import Kind, damaged, refused, stamped
from .pdf import TEXT, Pdf, changed, sheet, sheets

case = Kind("lies")

PLAIN = sheet().end()
SAID = b"BT /F1 16 Tf 72 770 Td (Forty machines) Tj ET"
OTHER = b"BT /F1 16 Tf 72 770 Td (Fourty houses.) Tj ET"
UNUSABLE = refused("pdf-page-unusable")


def without(old, new):
    """`PLAIN` changed in one place."""
    return lambda: changed(PLAIN, old, new)


def compressed(trailer="", objects=None, stream="", **more):
    """A file with an object stream, 8, and a cross-reference stream, 9: catalog, tree and page are in the first."""
    pdf = Pdf()
    pdf.stream(4, TEXT)
    kept = {
        1: "<</Type/Catalog/Pages 2 0 R>>",
        2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    }
    pdf.object_stream(8, objects or kept, stream, count=more.pop("count", None), head=more.pop("head", None))
    places = more.pop("places", None)
    if places:
        pdf.places.update(places)
    return bytes(pdf.cross_references(9, trailer, **more))


def boxed(box, page="", verdict=UNUSABLE):
    return verdict, lambda: sheet(box=box, page=page).end()


# ------------------------------------------------------------------------------------------ both ends of the file


@case(damaged("no-section"))
def startxref_wrong():
    """startxref points into the middle of an object."""
    return bytes(sheet().table(startxref=100))


@case(damaged("no-section"))
def startxref_zero():
    """startxref is 0."""
    return bytes(sheet().table(startxref=0))


@case(damaged("no-startxref"))
def startxref_negative():
    """startxref is negative."""
    return bytes(sheet().table(startxref=-5))


@case(damaged("no-section"))
def startxref_huge():
    """startxref lies beyond the end of the file."""
    return bytes(sheet().table(startxref=9_999_999_999))


@case(damaged("no-startxref"))
def startxref_beyond_64_bits():
    """startxref does not fit 64 bits."""
    return bytes(sheet().table(startxref=10**30))


@case(damaged("no-startxref"))
def startxref_missing():
    """There is no startxref."""
    return changed(PLAIN, "startxref", "startyref")


@case(damaged("no-section"))
def startxref_by_one():
    """startxref points one byte into `xref`."""
    pdf = sheet()
    return bytes(pdf.table(startxref=pdf.offset() + 1))


@case(stamped())
def startxref_before_white_space():
    """startxref points at white space before `xref`."""
    pdf = sheet().raw("\n\n  ")
    return bytes(pdf.table(startxref=pdf.offset() - 3))


@case(stamped())
def end_marker_missing():
    """There is no %%EOF."""
    return changed(PLAIN, "%%EOF\n", "")


@case(stamped())
def junk_after_the_end():
    """Half a KiB of zeros after %%EOF."""
    return PLAIN + bytes(512)


@case(damaged("no-startxref"))
def much_junk_after_the_end():
    """2 KiB of zeros after %%EOF: not every reader finds startxref."""
    return PLAIN + bytes(2048)


@case(stamped())
def junk_before_the_header():
    """The head of an HTTP answer before %PDF-, from which offsets count."""
    pdf = Pdf(before=b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n")
    return _rest(pdf).end()


@case(stamped())
def a_kilobyte_before_the_header():
    """1,000 bytes before %PDF-."""
    return _rest(Pdf(before=b"%" * 999 + b"\n")).end()


@case(refused("pdf-not-a-pdf"))
def more_than_a_kilobyte_before_the_header():
    """2,000 bytes before %PDF-."""
    return _rest(Pdf(before=b"%" * 1999 + b"\n")).end()


@case(damaged("no-section"))
def junk_before_the_header_and_offsets_from_the_start():
    """Bytes before %PDF-, and offsets that count from the first of them."""
    pdf = Pdf(before=b"junk junk\n")
    pdf.base = 0
    return _rest(pdf).end()


def _rest(pdf):
    pdf.obj(1, "<</Type/Catalog/Pages 2 0 R>>").obj(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
    pdf.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>")
    return pdf.stream(4, TEXT).obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")


@case(refused("pdf-not-a-pdf"))
def header_missing():
    """There is no %PDF-."""
    return changed(PLAIN, "%PDF-1.7", "%Doc-1.7")


@case(refused("pdf-not-a-pdf"))
def header_in_the_middle():
    """%PDF- stands behind the objects."""
    pdf = sheet(header=b"%!PS-Adobe-3.0\n").raw(b" " * 1100 + b"\n%PDF-1.7\n")
    return pdf.end()


@case(stamped())
def version_from_the_future():
    """%PDF-9.9."""
    return changed(PLAIN, "%PDF-1.7", "%PDF-9.9")


@case(stamped())
def version_that_is_none():
    """%PDF-x.y."""
    return changed(PLAIN, "%PDF-1.7", "%PDF-x.y")


@case(refused("document-empty"))
def nothing_at_all():
    """A file without a byte."""
    return b""


@case(refused("pdf-not-a-pdf"))
def a_web_page():
    """HTML under another name."""
    return b"<!DOCTYPE html><title>Contract</title><p>Not a PDF" + b"." * 2000


@case(damaged("no-startxref"))
def cut_off():
    """The second half of the file is missing."""
    return PLAIN[: len(PLAIN) // 2]


@case(stamped())
def two_files_in_one():
    """A whole other file stands before this one, whose offsets count from its own header only where readers take the first one."""
    # The update names the first file's objects as they are; the second header is junk between two objects.
    pdf = sheet().table()
    pdf.raw(b"%PDF-1.4\n").obj(10, "(another header above)")
    return bytes(pdf.table())


@case(damaged("no-section"))
def concatenated():
    """Two whole files, one after the other: the offsets of the second count from its own header."""
    return sheet(OTHER).end() + changed(PLAIN, "%PDF-1.7", "%PDF-1.4")


@case(stamped())
def carriage_returns_only():
    """Every line ends with a lone carriage return, as old Macintosh writers had it."""
    pdf = Pdf(b"%PDF-1.4\r%\xe2\xe3\xcf\xd3\r")
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    }
    for number, body in objects.items():
        pdf.places[number] = (pdf.offset(), 0)
        pdf.raw(f"{number} 0 obj\r").raw(body).raw("\rendobj\r")
    pdf.places[4] = (pdf.offset(), 0)
    pdf.raw(f"4 0 obj\r<</Length {len(TEXT)}>>\rstream\r\n").raw(TEXT).raw("\rendstream\rendobj\r")
    at = pdf.offset()
    pdf.raw("xref\r0 6\r0000000000 65535 f \r")
    for number in range(1, 6):
        pdf.raw(f"{pdf.places[number][0]:010} 00000 n \r")
    return bytes(pdf.raw(f"trailer\r<</Size 6/Root 1 0 R>>\rstartxref\r{at}\r%%EOF\r"))


# ---------------------------------------------------------------------------------------------- cross references


@case(stamped())
def size_too_small():
    """/Size is 2."""
    return bytes(sheet().table(size=2))


@case(stamped())
def size_too_large():
    """/Size is 5,000."""
    return bytes(sheet().table(size=5000))


@case(damaged("trailer"))
def size_missing():
    """The trailer has no /Size."""
    return changed(PLAIN, "/Size", "/Sise")


@case(damaged("wrong-offset"))
def entries_off_by_one():
    """Every entry points one byte too far."""
    pdf = sheet()
    pdf.places = {number: (offset + 1, generation) for number, (offset, generation) in pdf.places.items()}
    return pdf.end()


@case(damaged("wrong-offset"))
def first_number_off_by_one():
    """The table begins with object 1 where it says 0."""
    return changed(PLAIN, "xref\n0 6\n", "xref\n1 6\n")


@case(damaged("wrong-offset"))
def an_entry_for_another_object():
    """The entry of the page's content points at another stream, which calls itself something else."""
    pdf = sheet(SAID).stream(10, OTHER)
    pdf.places[4] = pdf.places[10]
    return pdf.end()


@case(damaged("wrong-offset"))
def an_entry_for_an_object_nobody_needs():
    """An object that nothing leads to is not where its entry says."""
    pdf = sheet()
    pdf.places[10] = (20, 0)
    return pdf.end()


@case(damaged("wrong-offset"))
def generation_of_the_entry():
    """An entry says generation 3, the object 0."""
    pdf = sheet()
    pdf.places[4] = (pdf.places[4][0], 3)
    return pdf.end()


@case(damaged("generation"))
def generation_of_a_reference():
    """The page tree is named by another generation than it has."""
    return changed(PLAIN, "/Pages 2 0 R", "/Pages 2 7 R")


@case(stamped())
def entries_of_19_bytes():
    """Table entries end with one byte instead of two."""
    return bytes(sheet().table(end_of_line=b"\n"))


@case(stamped())
def entries_of_21_bytes():
    """Table entries end with three bytes instead of two."""
    return bytes(sheet().table(end_of_line=b" \r\n"))


@case(damaged("table"))
def entries_with_comments():
    """A comment after each table entry."""
    return bytes(sheet().table(end_of_line=b" % here\n"))


@case(damaged("table"))
def too_few_entries():
    """The table promises one entry more than it has."""
    return changed(PLAIN, "xref\n0 6\n", "xref\n0 7\n")


@case(refused("pdf-too-complex what=entries"))
def endless_entries():
    """The table promises four thousand million entries."""
    return changed(PLAIN, "xref\n0 6\n", "xref\n0 4000000000\n")


@case(damaged("table"))
def entries_in_hexadecimal():
    """Offsets that are no decimal digits."""
    return changed(PLAIN, "0000000015 00000 n", "000000000f 00000 n")


@case(damaged("duplicate-entry"))
def two_entries_for_one_object():
    """The table has the page's content twice, at two places."""
    pdf = sheet(SAID).stream(10, OTHER)
    at = pdf.places[4][0]
    other = pdf.out.find(b"10 0 obj") + 1
    data = bytes(pdf.table())
    return changed(changed(data, "trailer", f"4 1\n{other:010} 00000 n \ntrailer"), f"{at:010} 00000 n", f"{at:010} 00000 n")


@case(damaged("duplicate-key"))
def two_roots():
    """The trailer has /Root twice, and they differ."""
    pdf = sheet(SAID).obj(10, "<</Type/Catalog/Pages 11 0 R>>").obj(11, "<</Type/Pages/Kids[]/Count 0>>")
    return pdf.end("/Root 10 0 R")


@case(damaged("duplicate-key"))
def two_page_trees():
    """The catalog has /Pages twice, and they differ."""
    return sheet(catalog="/Pages 11 0 R").obj(11, "<</Type/Pages/Kids[]/Count 0>>").end()


@case(stamped())
def the_same_key_twice():
    """The catalog has /Pages twice, and they are the same."""
    return sheet(catalog="/Pages 2 0 R").end()


@case(damaged("duplicate-key"))
def the_same_key_spelled_otherwise():
    """The page has /Contents twice, once as /C#6fntents."""
    return sheet(SAID, page="/C#6fntents 10 0 R").stream(10, OTHER).end()


@case(damaged("no-section"))
def previous_out_of_the_file():
    """/Prev points beyond the end."""
    return sheet().end("/Prev 99999999")


@case(damaged("trailer"))
def previous_negative():
    """/Prev is negative."""
    return sheet().end("/Prev -1")


@case(damaged("no-section"))
def previous_zero():
    """/Prev is 0."""
    return sheet().end("/Prev 0")


@case(damaged("catalog"))
def root_is_no_catalog():
    """/Root names an array."""
    return bytes(sheet().obj(10, "[1 0 R]").table(root="/Root 10 0 R"))


@case(damaged("catalog"))
def root_missing():
    """The trailer has no /Root."""
    return changed(PLAIN, "/Root 1 0 R", "/Boot 1 0 R")


@case(damaged("page-tree"))
def root_is_the_page():
    """/Root names the page."""
    return bytes(sheet().table(root="/Root 3 0 R"))


@case(damaged("trailer"))
def trailer_missing():
    """An array stands where the trailer should."""
    return changed(PLAIN, "trailer\n<<", "trailer\n[[")


@case(stamped())
def an_entry_in_use_at_0():
    """An entry in use with offset 0, which is free."""
    return changed(PLAIN, "0000000000 65535 f", "0000000000 00000 n")


@case(stamped())
def an_update():
    """An incremental update replaces the content, as it may."""
    return bytes(sheet(OTHER).table().stream(4, SAID).table())


@case(damaged("lost-object"))
def an_update_that_frees_the_content():
    """The last revision says that there is no content; some readers show the old one (with `xref` rebuilt), others nothing."""
    return bytes(sheet(SAID).table().free(4).table())


@case(damaged("lost-object"))
def an_update_that_frees_a_resource():
    """The last revision says that an image is not there which the page still names."""
    pdf = sheet(TEXT + b"q 100 0 0 100 72 300 cm /I Do Q", resources="/XObject<</I 10 0 R>>")
    pdf.deflated(10, bytes(400), "/Type/XObject/Subtype/Image/Width 20/Height 20/BitsPerComponent 8/ColorSpace/DeviceGray")
    return bytes(pdf.table().free(10).table())


@case(stamped())
def an_update_that_frees_what_nobody_names():
    """The last revision frees an object that nothing leads to."""
    return bytes(sheet().obj(10, "(old)").table().free(10).table())


@case(damaged("page-tree"))
def an_update_that_frees_the_page():
    """The last revision says that there is no page."""
    return bytes(sheet(SAID).table().free(3).table())


@case(refused("blank-document", "stamp-on-blank-page page=1", "pdf-damaged what=lost-object page=1"))
def content_without_an_entry():
    """The content is in the file and in no cross-reference section: readers that rebuild them show it."""
    pdf = sheet(None, page="/Contents 10 0 R")
    pdf.stream(10, SAID)
    del pdf.places[10]
    return pdf.end()


@case(stamped())
def an_outline_that_was_freed():
    """The last revision frees the outline that the catalog still names, as editors leave it behind."""
    return bytes(sheet(catalog="/Outlines 10 0 R").obj(10, "<</Type/Outlines>>").table().free(10).table())


@case(stamped())
def an_object_above_the_highest():
    """The content has a number of seven digits."""
    return sheet(None, page="/Contents 1234567 0 R").stream(1_234_567, TEXT).end()


@case(refused("pdf-too-complex what=numbers"))
def an_object_number_too_high():
    """The content has a number that common readers do not know."""
    return sheet(None, page="/Contents 9000000 0 R").stream(9_000_000, TEXT).end()


# ------------------------------------------------------------------------------ cross-reference and object streams

STREAMS = {
    "streams": (stamped(), "Catalog, tree and page in an object stream: as it should be.", {}),
    "widths-zero": (damaged("xref-stream"), "/W is [0 0 0].", {"widths": (0, 0, 0), "data": bytes(64)}),
    "widths-absurd": (damaged("xref-stream"), "/W has fields of 4,000 million bytes.", {"widths": (1, 4_000_000_000, 2), "data": bytes(64)}),
    "widths-negative": (damaged("xref-stream"), "/W has a negative width.", {"widths": (1, -4, 2), "data": bytes(64)}),
    "widths-of-two": (damaged("xref-stream"), "/W has two numbers.", {"widths": (1, 4), "data": bytes(64)}),
    "too-few-rows": (damaged("xref-stream"), "/Index promises more entries than there are.", {"index": "0 10 20 50"}),
    "odd-index": (damaged("xref-stream"), "/Index has three numbers.", {"index": "0 10 20"}),
    "unknown-entry-type": (damaged("xref-stream"), "An entry of type 7.", {"data": (b"\x07" + bytes(6)) * 8}),
    "more-rows-than-promised": (damaged("catalog"), "All entries are missing but one, and the data go on.", {"index": "9 1", "data": b"\x01" + (15).to_bytes(4, "big") + bytes(2) + bytes(700)}),
    "rows-and-more": (stamped(), "The cross-reference stream goes on behind its entries.", {"more": bytes(99)}),
    "wrong-entry-for-itself": (stamped(), "The cross-reference stream has a wrong entry for itself.", {"own": 77}),
    "object-stream-count": (damaged("object-stream"), "/N says twice as many objects as there are.", {"count": 8}),
    "object-stream-index": (damaged("object-stream"), "The index names other objects than the cross references.", {"head": "1 0 2 30 7 66 5 168 "}),
    "object-stream-overlap": (damaged("object-stream"), "Two objects begin at one place.", {"head": "1 0 2 30 3 30 5 168 "}),
    "object-in-a-stream-that-is-none": (damaged("object-stream"), "The cross references say that the page lies in the content.", {"places": {3: (4, 0, "in")}}),
    "object-in-a-stream-that-is-missing": (damaged("object-stream"), "The cross references say that the page lies in an object that is free.", {"places": {3: (77, 0, "in")}}),
}
for name, (verdict, says, more) in STREAMS.items():
    if "widths" in more and "data" not in more:
        raise ValueError(name)
    case.add(name, verdict, says, lambda more=more: compressed(**more))


@case(stamped())
def an_object_stream_overridden():
    """The page was in an object stream, and an update with a table has it outside."""
    pdf = Pdf().stream(4, OTHER)
    kept = {
        1: "<</Type/Catalog/Pages 2 0 R>>",
        2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    }
    pdf.object_stream(8, kept).cross_references(9)
    pdf.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 10 0 R>>")
    return bytes(pdf.stream(10, SAID).cross_references(11))


def hybrid(table, stream):
    """A table with a cross-reference stream beside it, 9, for the content, 4; each with its own idea of where that is."""
    pdf = sheet(SAID).stream(10, OTHER)
    place = {"said": pdf.places[4], "other": (pdf.out.find(b"10 0 obj"), 0), "free": None}
    kept = dict(pdf.places)
    at = pdf.offset()
    pdf.places = {4: place[stream]} if stream else {}
    pdf.cross_references(9)
    # Not the last word: the table is.
    pdf.previous = None
    pdf.places = kept
    if table:
        pdf.places[4] = place[table]
    else:
        del pdf.places[4]
    return bytes(pdf.table(f"/XRefStm {at}"))


case.add("hybrid-that-agrees", stamped(), "A table and a stream beside it that add up.", lambda: hybrid("said", "said"))
case.add("hybrid-with-a-hidden-part", stamped(), "The stream has an object that the table does not speak of.", lambda: hybrid(None, "said"))
case.add("hybrid-that-contradicts", refused("pdf-hybrid"), "The table says that the content is free, the stream that it is there.", lambda: hybrid("free", "said"))


# --------------------------------------------------------------------------------------------- objects and streams


@case(stamped())
def endobj_missing():
    """No object ends with endobj."""
    return PLAIN.replace(b"endobj", b"      ")


@case(refused("blank-document", "stamp-on-blank-page page=1", "pdf-damaged what=stream-length page=1"))
def endstream_missing():
    """The content does not end with endstream."""
    return changed(PLAIN, "endstream", "         ")


@case(damaged("stream-length"))
def length_too_short():
    """The content's /Length is 40 bytes too short: some readers show half of it."""
    return sheet(None, page="/Contents 4 0 R").stream(4, TEXT, length=len(TEXT) - 40).end()


@case(damaged("stream-length"))
def length_too_long():
    """The content's /Length goes beyond endstream."""
    return sheet(None, page="/Contents 4 0 R").stream(4, TEXT, length=len(TEXT) + 40).end()


@case(damaged("stream-length"))
def length_negative():
    """The content's /Length is negative."""
    return sheet(None, page="/Contents 4 0 R").stream(4, TEXT, length=-1).end()


@case(damaged("stream-length"))
def length_missing():
    """The content has no /Length."""
    return changed(PLAIN, "/Length", "/Lenght")


@case(damaged("stream-length"))
def length_that_is_none():
    """The content's /Length names the page."""
    return sheet(None, page="/Contents 4 0 R").stream(4, TEXT, length="3 0 R").end()


@case(stamped())
def length_of_its_own():
    """The content's /Length is an object of its own."""
    return sheet(None, page="/Contents 4 0 R").stream(4, TEXT, length="10 0 R").obj(10, str(len(TEXT))).end()


@case(damaged("unreadable"))
def an_object_within_another():
    """The content stands in a string of another object of the page."""
    pdf = sheet(None, page="/Contents 4 0 R/PieceInfo 10 0 R")
    pdf.places[10] = (pdf.offset(), 0)
    pdf.raw("10 0 obj\n(").stream(4, TEXT).raw(")\nendobj\n")
    return pdf.end()


@case(damaged("stream-length"))
def stream_after_a_lone_carriage_return():
    """The keyword `stream` ends with a lone carriage return, which some readers take for the first byte of the data."""
    return changed(PLAIN, "stream\nBT", "stream\rBT")


@case(refused("blank-document", "stamp-on-blank-page page=1", "pdf-damaged what=stream-length page=1"))
def stream_after_blanks():
    """There are blanks between the keyword `stream` and the end of its line; what draws the page for whoever confirms sees no data."""
    return sheet(None, page="/Contents 4 0 R").obj(4, f"<</Length {len(TEXT)}>>\nstream  \n".encode() + TEXT + b"\nendstream").end()


@case(stamped())
def obj_joined():
    """`obj` and its value stand together."""
    return PLAIN.replace(b"obj\n<<", b"obj<< ")


@case(stamped())
def linearization_stale():
    """Linearization data that are not true."""
    pdf = Pdf().obj(10, "<</Linearized 1/L 99/H[0 9]/O 3/E 9/N 7/T 9>>")
    return _rest(pdf).end()


@case(stamped())
def parent_wrong():
    """The page's /Parent is the catalog, and nothing is inherited."""
    return changed(sheet(page="/Rotate 0/CropBox[0 0 595 842]").end(), "/Type/Page/Parent 2 0 R", "/Type/Page/Parent 9 0 R")


@case(stamped())
def fields_that_are_none():
    """Numbers, nulls and a field that stands there twice among a form's fields."""
    field = "<</Type/Annot/Subtype/Widget/FT/Sig/T(PartyA)/F 132/Rect[300 100 400 150]/P 3 0 R>>"
    return sheet(catalog="/AcroForm<</Fields[null 7 10 0 R 99 0 R 10 0 R]>>", page="/Annots[10 0 R]").obj(10, field).end()


@case(damaged("form"))
def form_that_is_none():
    """The form is an array."""
    return sheet(catalog="/AcroForm[]").end()


@case(damaged("wrong-type"))
def layers_that_are_none():
    """The layers are an array."""
    return sheet(catalog="/OCProperties[]").end()


@case(damaged("syntax"))
def catalog_malformed():
    """A word in the catalog that is no object."""
    return sheet(catalog="/Lang nil").end()


@case(damaged("overlap"))
def page_without_end():
    """The page is not complete where the next object begins."""
    pdf = sheet()
    pdf.places[3] = (pdf.offset(), 0)
    pdf.raw("3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/A(")
    return pdf.obj(10, "1").raw(")>>\nendobj\n").end()


@case(damaged("unfinished"))
def trailer_without_end():
    """A string in the trailer goes on to the end of the file."""
    return changed(PLAIN, "/Size 6", "/Size (")


SYNTAX = {
    "unbalanced": ("<</A [1 2 >>", "A bracket is not closed."),
    "unknown-word": ("<</A nil>>", "A word that is no object."),
    "braces": ("<</A/B{C}>>", "Braces within a name, which some readers take for its end."),
    "key-without-value": ("<</A>>", "A key without a value."),
    "value-without-key": ("<<(A)/B 1>>", "A value without a key."),
}
for name, (body, says) in SYNTAX.items():
    case.add(f"syntax-{name}", damaged("unreadable"), f"An object of the page is malformed. {says}", lambda body=body: sheet(page="/PieceInfo 10 0 R").obj(10, body).end())

HARMLESS = {
    "comments": ("<</A%]>>\n[%]\n1%\n]>>", "Comments in the midst of an object."),
    "null-bytes": ("<</A\x00[1\x002]>>", "Zero bytes as white space."),
    "negative-numbers": ("[-0 -1 --5 +7 -.5 4. 1.-2]", "Numbers in odd spellings."),
    "numbers-that-are-none": ("[1e5 0x10 .]", "Words that begin like numbers."),
    "huge-numbers": (f"[{'9' * 400} -{'9' * 400} .{'0' * 400}1]", "Numbers of hundreds of digits."),
    "odd-names": ("<</#e6#96#87 1/#FE#FF#65#87 2/ 3/A#20B 4/%s 5>>" % ("x" * 3000), "Names in UTF-8 and UTF-16, an empty one, a long one."),
    "odd-strings": ("[(a\\(b(c)\\)) (\\777\\8) <4> <> ()]", "Strings with all kinds of escapes."),
}
for name, (body, says) in HARMLESS.items():
    case.add(f"odd-{name}", stamped(), says, lambda body=body: sheet(page="/PieceInfo 10 0 R").obj(10, body).end())


@case(stamped())
def types_missing():
    """Neither catalog nor tree nor page has a /Type."""
    pdf = Pdf().obj(1, "<</Pages 2 0 R>>").obj(2, "<</Kids[3 0 R]/Count 1>>")
    pdf.obj(3, "<</Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>")
    return pdf.stream(4, TEXT).obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>").end()


# ------------------------------------------------------------------------------------------------------ page tree

TREE = {
    "count-too-large": ("/Count 1", "/Count 2", "page-tree", "/Count says two pages where there is one."),
    "count-zero": ("/Count 1", "/Count 0", "page-tree", "/Count says that there is no page."),
    "count-negative": ("/Count 1", "/Count -1", "page-tree", "/Count is negative."),
    "count-missing": ("/Count 1", "/Cound 1", "page-tree", "The page tree has no /Count."),
    "kids-missing": ("/Kids", "/Kinds", "page-tree", "The page tree has no /Kids."),
    "page-called-pages": ("/Type/Page/", "/Type/Pages/", "page-tree", "The page calls itself /Pages."),
    "kid-missing": ("/Kids[3 0 R]", "/Kids[33 0 R]", "page-tree", "A kid that is not there."),
    "kid-that-is-none": ("/Kids[3 0 R]", "/Kids[4 0 R]", "page-tree", "A kid that is a stream."),
    "kid-by-value": ("/Kids[3 0 R]", "/Kids[<<>>]", "page-tree", "A kid that is no reference."),
}
for name, (old, new, what, says) in TREE.items():

    def tree(old=old, new=new):
        pdf = sheet()
        # Written anew, for the offsets after it move.
        body = bytes(pdf).split(b"2 0 obj\n")[1].split(b"\nendobj")[0].decode()
        page = bytes(pdf).split(b"3 0 obj\n")[1].split(b"\nendobj")[0].decode()
        if old in body:
            pdf.obj(2, changed(body, old, new))
        else:
            pdf.obj(3, changed(page, old, new))
        return pdf.end()

    case.add(name, damaged(what), says, tree)


@case(stamped())
def a_tree_called_page():
    """The root of the page tree calls itself a page, which nobody looks at."""
    return _node_called("/Type/Page", "/Type/Pages")


@case(damaged("page-tree"))
def a_node_called_page():
    """A node in the midst of the page tree calls itself a page, and some readers take it for one."""
    return _node_called("/Type/Pages", "/Type/Page")


def _node_called(root, node):
    pdf = Pdf().obj(1, "<</Type/Catalog/Pages 2 0 R>>").obj(2, f"<<{root}/Kids[6 0 R]/Count 1/Resources<</Font<</F1 5 0 R>>>>>>")
    pdf.obj(6, f"<<{node}/Parent 2 0 R/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>").obj(3, "<</Type/Page/Parent 6 0 R/Contents 4 0 R>>")
    return pdf.stream(4, TEXT).obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>").end()


@case(refused("pdf-no-pages"))
def no_page():
    """A page tree without a page."""
    pdf = Pdf().obj(1, "<</Type/Catalog/Pages 2 0 R>>").obj(2, "<</Type/Pages/Kids[]/Count 0>>")
    return pdf.end()


@case(damaged("page-tree"))
def a_page_twice():
    """The page tree has one page twice."""
    pdf = Pdf().obj(1, "<</Type/Catalog/Pages 2 0 R>>").obj(2, "<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>")
    pdf.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>")
    return pdf.stream(4, TEXT).obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>").end()


@case(damaged("page-tree"))
def inherited_from_elsewhere():
    """By /Parent the page inherits another /MediaBox than by /Kids."""
    pdf = Pdf().obj(1, "<</Type/Catalog/Pages 2 0 R>>")
    pdf.obj(2, "<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2/Resources<</Font<</F1 5 0 R>>>>>>")
    pdf.obj(3, "<</Type/Pages/Parent 2 0 R/Kids[7 0 R]/Count 1/MediaBox[0 0 595 842]>>")
    pdf.obj(6, "<</Type/Pages/Parent 2 0 R/Kids[8 0 R]/Count 1/MediaBox[0 0 300 300]>>")
    pdf.obj(7, "<</Type/Page/Parent 6 0 R/Contents 4 0 R>>").obj(8, "<</Type/Page/Parent 3 0 R/Contents 4 0 R>>")
    return pdf.stream(4, TEXT).obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>").end()


# ----------------------------------------------------------------------------------------------------- geometry

BOXES = {
    "box-without-size": (*boxed("/MediaBox[0 0 0 0]"), "A page of no size."),
    "box-without-height": (*boxed("/MediaBox[0 100 595 100]"), "A page of no height."),
    "box-of-three": (*boxed("/MediaBox[0 0 595]"), "A /MediaBox of three numbers."),
    "box-of-words": (*boxed("/MediaBox[/A/B/C/D]"), "A /MediaBox of names."),
    "box-too-large": (*boxed("/MediaBox[0 0 1e12 1e12]".replace("1e12", "9999999999")), "A page as large as a country."),
    "box-of-numbers-that-are-none": (*boxed("/MediaBox[0 0 nan inf]".replace("nan", "1.2.3").replace("inf", "-.-"), verdict=damaged("page-count")), "A /MediaBox of words that begin like numbers: not every reader has such a page."),
    "crop-box-elsewhere": (*boxed("/MediaBox[0 0 595 842]", "/CropBox[2000 2000 2500 2500]"), "A /CropBox outside of the /MediaBox."),
    "rotated-by-45": (*boxed("/MediaBox[0 0 595 842]", "/Rotate 45"), "/Rotate 45."),
    "user-unit-zero": (*boxed("/MediaBox[0 0 595 842]", "/UserUnit 0"), "/UserUnit 0."),
    "user-unit-huge": (*boxed("/MediaBox[0 0 595 842]", "/UserUnit 1000000000"), "/UserUnit 1000000000."),
    "user-unit-negative": (*boxed("/MediaBox[0 0 595 842]", "/UserUnit -1"), "/UserUnit -1."),
    "box-inverted": (*boxed("/MediaBox[595 842 0 0]", verdict=stamped()), "A /MediaBox from the top right to the bottom left."),
    "box-missing": (*boxed("", verdict=damaged("page-size")), "No /MediaBox: readers take US Letter, what draws the page for whoever confirms does not."),
    "box-beyond-14400": (*boxed("/MediaBox[0 0 20000 20000]", verdict=stamped()), "A page of 7 m, larger than ISO 32000-1 Annex C has it."),
    "crop-box-beyond": (*boxed("/MediaBox[0 0 595 842]", "/CropBox[-100 -100 900 900]", stamped()), "A /CropBox larger than the /MediaBox."),
    "rotated-by-450": (*boxed("/MediaBox[0 0 595 842]", "/Rotate 450", stamped()), "/Rotate 450, which is 90."),
    "rotated-by-minus-90": (*boxed("/MediaBox[0 0 595 842]", "/Rotate -90", stamped()), "/Rotate -90."),
}
for name, (verdict, make, says) in BOXES.items():
    centre = {"rotated-by-450": (148_500, 105_000), "rotated-by-minus-90": (148_500, 105_000), "box-beyond-14400": (200_000, 6_900_000)}
    case.add(name, verdict, says, make, at=centre.get(name, (105_000, 148_500)))


@case(refused("placement-outside-page"))
def a_page_too_small():
    """A page of 10 mm, on which no seal fits."""
    return sheet(b"0 g 2 2 20 20 re f", box="/MediaBox[0 0 28 28]").end()


@case(refused("page-unknown"), pages="7")
def a_page_that_is_not_there():
    """The seal is to go on page 7 of two."""
    return sheets([TEXT, TEXT]).end()
