"""Small files that want much: memory, time, depth."""

import zlib

from .case import Kind, damaged, refused, stamped
from .pdf import TEXT, Pdf, sheet, zeros_deflated

case = Kind("bombs")

FORM = "/Type/XObject/Subtype/Form/BBox[0 0 595 842]"
HUGE = 10_240  # MiB
DEEP = 10_000
TIME = refused("document-too-hard-time page=1")
# A machine may be too slow to find out that there is too little memory.
HARD = refused("document-too-hard-memory|document-too-hard-time page=1")


def lzw_zeros(cycles):
    """LZW of about 7 MiB of zeros for each cycle: the whole table of codes, over and over."""
    bits, codes = [], []
    for code in [256, 0, *range(258, 4094)]:
        codes.append(code)
    width, entries = 9, 258
    for place, code in enumerate(codes):
        bits.append(f"{code:0{width}b}")
        if place >= 2:
            entries += 1
        width = 9 if entries < 511 else 10 if entries < 1023 else 11 if entries < 2047 else 12
    # The table is cleared in the width it has then.
    first, rest = "".join(bits[:1]), "".join(bits[1:])
    cycle = rest + f"{256:012b}"
    text = first + cycle * 8
    whole = first + cycle * 8 * (cycles // 8)
    del text
    whole += "0" * (-len(whole) % 8)
    return int(whole, 2).to_bytes(len(whole) // 8, "big")


def drawn(content, objects, resources):
    """A sheet that draws something after its text; `objects` are entries and data of streams from 10."""
    pdf = sheet(TEXT + content, resources=resources)
    for number, (entries, data) in enumerate(objects, 10):
        pdf.stream(number, data, entries)
    return pdf


# ------------------------------------------------------------------------------------------------------- filters


@case(HARD)
def flate():
    """A content of 10 GiB of zeros, deflated twice."""
    return sheet(None, page="/Contents 4 0 R").stream(4, zlib.compress(zeros_deflated(HUGE), 9), "/Filter[/FlateDecode/FlateDecode]").end()


@case(HARD)
def lzw():
    """A content of 1.5 GiB of zeros by LZW."""
    return sheet(None, page="/Contents 4 0 R").stream(4, zlib.compress(lzw_zeros(208), 9), "/Filter[/FlateDecode/LZWDecode]").end()


@case(HARD)
def run_length():
    """A content of 4 GiB of zeros by run lengths of run lengths."""
    inner = b"\x81\x00" * (1 << 25)
    return sheet(None, page="/Contents 4 0 R").stream(4, zlib.compress(inner, 9), "/Filter[/FlateDecode/RunLengthDecode]").end()


@case(stamped())
def hundred_filters():
    """A content that was deflated a hundred times."""
    data = TEXT
    for _ in range(100):
        data = zlib.compress(data, 9)
    return sheet(None, page="/Contents 4 0 R").stream(4, data, f"/Filter[{'/FlateDecode' * 100}]").end()


@case(damaged("filter"))
def hundred_filters_of_an_object_stream():
    """An object stream that was deflated a hundred times."""
    pdf = Pdf().stream(4, TEXT)
    data = b"1 0 <</Type/Catalog/Pages 2 0 R>>"
    for _ in range(100):
        data = zlib.compress(data, 9)
    pdf.stream(8, data, f"/Type/ObjStm/N 1/First 4/Filter[{'/FlateDecode' * 100}]")
    pdf.places[1] = (8, 0, "in")
    pdf.obj(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>").obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>")
    return bytes(pdf.cross_references(9))


def structure(data, entries, place=8):
    """A file whose catalog is in an object stream with these data."""
    pdf = Pdf().stream(4, TEXT)
    pdf.stream(place, data, entries)
    pdf.places[1] = (place, 0, "in")
    pdf.obj(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>").obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>")
    return bytes(pdf.cross_references(9))


@case(refused("pdf-too-complex what=decoded"))
def object_stream_of_zeros():
    """An object stream of 10 GiB."""
    return structure(zlib.compress(zeros_deflated(HUGE), 9), "/Type/ObjStm/N 1/First 4/Filter[/FlateDecode/FlateDecode]")


@case(damaged("object-stream"))
def object_stream_of_millions():
    """/N of an object stream is two thousand millions."""
    return structure(zlib.compress(b"1 0 <</Type/Catalog/Pages 2 0 R>>"), "/Type/ObjStm/N 2000000000/First 4/Filter/FlateDecode")


@case(damaged("object-stream"))
def object_stream_beyond_its_end():
    """/First of an object stream lies two thousand million bytes behind its start."""
    return structure(zlib.compress(b"1 0 <</Type/Catalog/Pages 2 0 R>>"), "/Type/ObjStm/N 1/First 2000000000/Filter/FlateDecode")


@case(damaged("filter"))
def predictor_columns():
    """A predictor with two thousand million columns of 32 colours, in the cross-reference stream."""
    pdf = sheet()
    return bytes(pdf.cross_references(9, "/DecodeParms<</Predictor 12/Columns 2000000000/Colors 32/BitsPerComponent 16>>"))


@case(refused("pdf-too-complex what=entries"))
def cross_references_of_millions():
    """/Index of the cross-reference stream promises two thousand million entries."""
    return bytes(sheet().cross_references(9, index="0 2000000000"))


@case(refused("pdf-too-complex what=decoded"))
def cross_references_of_zeros():
    """A cross-reference stream of 10 GiB, of which it needs 70 bytes."""
    pdf = sheet()
    at = pdf.offset()
    data = zlib.compress(zeros_deflated(HUGE), 9)
    entries = "/Type/XRef/W[1 4 2]/Size 10/Root 1 0 R/Filter[/FlateDecode/FlateDecode]"
    return bytes(pdf.stream(9, data, entries).raw(f"startxref\n{at}\n%%EOF\n"))


@case(refused("pdf-too-complex what=sections"))
def revisions():
    """Five thousand revisions."""
    pdf = sheet().table()
    for _ in range(5_000):
        pdf.table()
    return bytes(pdf)


# ------------------------------------------------------------------------------------------------- depth and number


@case(refused("pdf-too-complex what=nesting"))
def arrays():
    """Ten thousand arrays, one in the other."""
    return sheet(page="/PieceInfo 10 0 R").obj(10, "[" * DEEP + "]" * DEEP).end()


@case(refused("pdf-too-complex what=nesting"))
def dictionaries():
    """Ten thousand dictionaries, one in the other."""
    return sheet(page="/PieceInfo 10 0 R").obj(10, "<</A" * DEEP + " 1" + ">>" * DEEP).end()


@case(stamped())
def arrays_in_the_content():
    """Ten thousand arrays, one in the other, in a content stream."""
    return sheet(TEXT + b"[" * DEEP + b"]" * DEEP + b" TJ").end()


@case(refused("pdf-too-complex what=page-depth"))
def page_tree():
    """Ten thousand nodes above the one page."""
    pdf = Pdf().obj(1, "<</Type/Catalog/Pages 10 0 R>>").stream(4, TEXT)
    for number in range(10, 10 + DEEP):
        parent = f"/Parent {number - 1} 0 R" if number > 10 else ""
        pdf.obj(number, f"<</Type/Pages{parent}/Kids[{number + 1} 0 R]/Count 1/MediaBox[0 0 595 842]>>")
    return pdf.obj(10 + DEEP, f"<</Type/Page/Parent {9 + DEEP} 0 R/Contents 4 0 R>>").end()


@case(damaged("page-tree"))
def pages_of_millions():
    """/Count says five million pages where there is one."""
    pdf = sheet()
    return pdf.obj(2, "<</Type/Pages/Kids[3 0 R]/Count 5000000>>").end()


@case(damaged("page-tree"))
def pages_named_often():
    """The page tree has its one page a million times."""
    return sheet().obj(2, f"<</Type/Pages/Kids[{'3 0 R ' * 1_000_000}]/Count 1000000>>").end()


@case(damaged("page-tree"))
def page_tree_of_laughs():
    """Thirty nodes, each of which has the next one ten times."""
    pdf = Pdf().obj(1, "<</Type/Catalog/Pages 10 0 R>>").stream(4, TEXT)
    for number in range(10, 40):
        pdf.obj(number, f"<</Type/Pages/Kids[{f'{number + 1} 0 R ' * 10}]/Count {10 ** (40 - number)}>>")
    return pdf.obj(40, "<</Type/Page/MediaBox[0 0 595 842]/Contents 4 0 R>>").end()


@case(damaged("form"))
def fields_of_laughs():
    """Thirty fields, each of which has the next one ten times."""
    pdf = sheet(catalog="/AcroForm<</Fields[10 0 R]>>")
    for number in range(10, 40):
        pdf.obj(number, f"<</T(a)/Kids[{f'{number + 1} 0 R ' * 10}]>>")
    return pdf.obj(40, "<</T(z)/FT/Tx>>").end()


@case(refused("pdf-too-complex what=fields"))
def fields():
    """A thousand fields, one in the other."""
    pdf = sheet(catalog="/AcroForm<</Fields[10 0 R]>>")
    for number in range(10, 1_010):
        pdf.obj(number, f"<</T(a)/Kids[{number + 1} 0 R]>>")
    return pdf.obj(1_010, "<</T(z)/FT/Tx>>").end()


@case(stamped())
def names_of_laughs():
    """A name tree of thirty levels, each of which has the next one ten times."""
    pdf = sheet(catalog="/Names<</Dests 10 0 R>>")
    for number in range(10, 40):
        pdf.obj(number, f"<</Kids[{f'{number + 1} 0 R ' * 10}]>>")
    return pdf.obj(40, "<</Names[(a)[3 0 R/Fit]]>>").end()


@case(stamped())
def outlines():
    """Ten thousand outline items, one in the other."""
    pdf = sheet(catalog="/Outlines 10 0 R")
    for number in range(10, 10 + DEEP):
        pdf.obj(number, f"<</Title(a)/First {number + 1} 0 R/Last {number + 1} 0 R/Count 1>>")
    return pdf.obj(10 + DEEP, "<</Title(z)>>").end()


@case(stamped())
def annotations():
    """A hundred thousand links."""
    return sheet(page=f"/Annots[{'10 0 R ' * 100_000}]").obj(10, "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]>>").end()


@case(stamped())
def a_long_string():
    """A string of 8 MiB."""
    return sheet(page="/PieceInfo<</A(" + "(x)" * 2_796_202 + ")>>").end()


@case(stamped())
def a_long_name():
    """A name of 4 MiB."""
    return sheet(page="/PieceInfo<</" + "x" * (4 << 20) + " 1>>").end()


@case(refused("pdf-too-complex what=keys"))
def many_keys():
    """Half a million keys in the page's dictionary."""
    return sheet(page="".join(f"/K{number} 1" for number in range(500_000))).end()


@case(stamped())
def open_states():
    """A million times q, and no Q."""
    return sheet(TEXT + b"q " * 1_000_000).end()


@case(stamped())
def open_contents():
    """A hundred thousand marked contents that do not end."""
    return sheet(TEXT + b"/Span BMC " * 100_000).end()


@case(stamped())
def clipping_paths():
    """Ten thousand clipping paths, one in the other."""
    return sheet(TEXT + b"q 0 0 595 842 re W n " * 10_000).end()


@case(HARD)
def open_paths():
    """A path of a million lines."""
    return sheet(TEXT + b"0 0 m " + b"9 9 l 0 0 l " * 500_000 + b"S").end()


@case(stamped())
def many_glyphs():
    """A million letters on one page."""
    return sheet(TEXT + b"BT /F1 6 Tf 7 TL 20 830 Td " + (b"(" + b"x" * 200 + b") Tj T* ") * 5_000 + b"ET").end()


@case(stamped())
def unknown_words():
    """Two million words that mean nothing."""
    return sheet(TEXT + b"BX " + b"foo " * 2_000_000 + b"EX").end()


# -------------------------------------------------------------------------------------------------- drawn in circles


def laughs(levels, times, last, entries=FORM, call=b"/X Do ", category="XObject", key="X"):
    """Streams from 10, each of which uses the next one so many times."""
    objects = []
    for level in range(levels):
        resources = f"/Resources<</{category}<</{key} {11 + level} 0 R>>>>"
        objects.append((entries + resources, call * times))
    return [*objects, (entries + "/Resources<<>>", last)]


@case(TIME)
def forms_of_laughs():
    """Ten forms, each of which draws the next one ten times: ten thousand million squares."""
    return drawn(b"/X Do", laughs(10, 10, b"0 g 0 0 9 9 re f"), "/XObject<</X 10 0 R>>").end()


@case(TIME)
def empty_forms_of_laughs():
    """The same with nothing in the end."""
    return drawn(b"/X Do", laughs(10, 10, b""), "/XObject<</X 10 0 R>>").end()


@case(TIME)
def groups_of_laughs():
    """The same with transparency groups."""
    return drawn(b"/X Do", laughs(10, 10, b"0 g 0 0 9 9 re f", FORM + "/Group<</S/Transparency>>"), "/XObject<</X 10 0 R>>").end()


@case(stamped())
def deep_forms():
    """Ten thousand forms, one in the other."""
    return drawn(b"/X Do", laughs(DEEP, 1, b"0 g 72 300 50 50 re f"), "/XObject<</X 10 0 R>>").end()


@case(stamped())
def deep_groups():
    """A thousand transparency groups, one in the other."""
    objects = laughs(1_000, 1, b"0 g 72 300 50 50 re f", FORM + "/Group<</S/Transparency>>")
    return drawn(b"/X Do", objects, "/XObject<</X 10 0 R>>").end()


@case(HARD)
def patterns_of_laughs():
    """Eight tiling patterns, the tiles of each of which are painted with the next one."""
    entries = "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 595 842]/XStep 6/YStep 8"
    call = b"/Pattern cs /P scn 0 0 595 842 re f "
    return drawn(call, laughs(8, 3, b"0 g 0 0 1 1 re f", entries, call, "Pattern", "P"), "/Pattern<</P 10 0 R>>").end()


@case(stamped())
def tiny_tiles():
    """A tiling pattern with steps of a thousandth of a point."""
    entries = "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep .001/YStep .001/Resources<<>>"
    return drawn(b"/Pattern cs /P scn 0 0 595 842 re f", [(entries, b".9 g 0 0 1 1 re f")], "/Pattern<</P 10 0 R>>").end()


@case(HARD)
def glyphs_of_laughs():
    """Glyphs that show glyphs that show glyphs, ten times each."""
    pdf = sheet(TEXT + b"BT /T 14 Tf 72 500 Td (aaaaaaaaaa) Tj ET", resources="/Font<</T 10 0 R/F1 5 0 R>>", font=False)
    pdf.obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    for level in range(10):
        number = 10 + 2 * level
        pdf.obj(
            number,
            f"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</a {number + 1} 0 R>>/Encoding"
            f"<</Type/Encoding/Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[800]/Resources<</Font<</T {number + 2} 0 R>>>>>>",
        )
        pdf.stream(number + 1, b"800 0 d0 0 0 9 9 re f BT /T 500 Tf (aaaaaaaaaa) Tj ET")
    return pdf.obj(30, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>").end()


@case(TIME)
def soft_masks_of_laughs():
    """Soft masks within soft masks, ten times each."""
    pdf = sheet(TEXT + b"/G gs 0 g 72 300 200 200 re f", resources="/ExtGState<</G 10 0 R>>")
    for level in range(8):
        number = 10 + 2 * level
        pdf.obj(number, f"<</SMask<</S/Luminosity/G {number + 1} 0 R>>>>")
        entries = f"{FORM}/Group<</S/Transparency/CS/DeviceGray>>/Resources<</ExtGState<</G {number + 2} 0 R>>>>"
        pdf.stream(number + 1, b"q /G gs 1 g 0 0 595 842 re f Q " * 10, entries)
    return pdf.obj(26, "<</ca 1>>").end()


@case(stamped())
def annotations_of_one_form():
    """Five hundred annotations, each of which draws one form of a thousand squares."""
    pdf = sheet(page="/Annots[10 0 R " + "10 0 R " * 499 + "]")
    pdf.obj(10, "<</Type/Annot/Subtype/Stamp/F 4/Rect[72 300 200 400]/AP<</N 11 0 R>>>>")
    return pdf.stream(11, b"0 g 0 0 9 9 re f " * 1_000, FORM).end()


# ------------------------------------------------------------------------------------------- paths, shadings, functions


@case(HARD)
def dashes():
    """A line of dashes of a ten-thousandth of a point."""
    return sheet(TEXT + b"[.0001 .0001] 0 d 1 w 72 300 m 500 300 l S").end()


@case(HARD)
def dashes_far_away():
    """A line from here to nowhere, in dashes."""
    return sheet(TEXT + b"[1 1] 0 d 1 w 72 300 m 1000000000 1000000000 l S").end()


@case(stamped())
def wide_lines():
    """Curves with lines a thousand million points wide."""
    return sheet(TEXT + b"q 0 0 100 100 re W n .9 G 1000000000 w 1 j 1 J " + b"0 0 m 9 9 90 90 0 50 c S " * 500 + b"Q").end()


@case(stamped())
def coordinates():
    """Coordinates beyond all reason."""
    far = b"9" * 38
    return sheet(TEXT + b".9 g q 0 0 50 50 re W n -%s -%s m %s 0 l 0 %s l f 99999 0 0 99999 0 0 cm 0 0 1 1 re f Q" % (far, far, far, far)).end()


def shading(entries, objects=(), verdict=None):
    pdf = sheet(TEXT + b"q 72 300 200 200 re W n /S sh Q", resources="/Shading<</S 10 0 R>>")
    if isinstance(entries, str):
        pdf.obj(10, f"<<{entries}>>")
    else:
        pdf.stream(10, entries[1], entries[0])
    for number, (more, data) in enumerate(objects, 11):
        pdf.stream(number, data, more)
    return pdf.end()


@case(HARD)
def calculator_function():
    """A PostScript function of a million operators, for each point of a shading."""
    function = ("/FunctionType 4/Domain[0 1 0 1]/Range[0 1]", b"{ " + b"dup mul " * 500_000 + b"}")
    return shading("/ShadingType 1/ColorSpace/DeviceGray/Domain[0 1 0 1]/Matrix[595 0 0 842 0 0]/Function 11 0 R", [function])


@case(stamped())
def nested_calculator_function():
    """A PostScript function of a hundred thousand braces, one in the other."""
    function = ("/FunctionType 4/Domain[0 1 0 1]/Range[0 1]", b"{" * 100_000 + b"}" * 100_000)
    return shading("/ShadingType 1/ColorSpace/DeviceGray/Domain[0 1 0 1]/Matrix[595 0 0 842 0 0]/Function 11 0 R", [function])


@case(stamped())
def sampled_function():
    """A sampled function of a hundred thousand by a hundred thousand samples, of which there are none."""
    function = ("/FunctionType 0/Domain[0 1 0 1]/Range[0 1]/Size[100000 100000]/BitsPerSample 8", b"\x00")
    return shading("/ShadingType 1/ColorSpace/DeviceGray/Domain[0 1 0 1]/Matrix[595 0 0 842 0 0]/Function 11 0 R", [function])


@case(stamped())
def function_of_twelve_variables():
    """A sampled function of twelve variables, each with twelve samples."""
    function = (f"/FunctionType 0/Domain[{'0 1 ' * 12}]/Range[0 1]/Size[{'12 ' * 12}]/BitsPerSample 32", b"\x00" * 99)
    names = "".join(f"/C{number}" for number in range(12))
    pdf = sheet(TEXT + b"/N cs " + b"0 " * 12 + b"scn 72 300 50 50 re f", resources=f"/ColorSpace<</N[/DeviceN[{names}]/DeviceGray 10 0 R]>>")
    return pdf.stream(10, function[1], function[0]).end()


@case(HARD)
def mesh():
    """A mesh of two hundred thousand triangles."""
    data = zlib.compress(b"\x00\x10\x20\x30\x40\x50" * 600_000, 9)
    entries = "/ShadingType 4/ColorSpace/DeviceGray/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8/Decode[0 595 0 842 0 1]/Filter/FlateDecode"
    return shading((entries, data))


@case(HARD)
def patches():
    """Twenty thousand tensor patches."""
    data = zlib.compress((b"\x00" + bytes(range(32)) + b"\x00\x40\x80\xff") * 20_000, 9)
    entries = "/ShadingType 7/ColorSpace/DeviceGray/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8/Decode[0 595 0 842 0 1]/Filter/FlateDecode"
    return shading((entries, data))


# --------------------------------------------------------------------------------------------------- images and fonts


def pictured(entries, data):
    pdf = sheet(TEXT + b"q 200 0 0 200 72 300 cm /I Do Q", resources="/XObject<</I 10 0 R>>")
    return pdf.stream(10, data, f"/Type/XObject/Subtype/Image{entries}").end()


SIDES = "/Width 60000/Height 60000"
IMAGES = {
    "image-of-60000-by-60000": (f"{SIDES}/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter[/FlateDecode/FlateDecode]", lambda: zlib.compress(zeros_deflated(HUGE), 9), HARD, "An image of 60,000 by 60,000 pixels."),
    "image-of-60000-by-60000-that-is-not-there": (f"{SIDES}/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode", lambda: zlib.compress(bytes(99)), stamped(), "An image of 60,000 by 60,000 pixels, of which there are 33."),
    "bits-of-60000-by-60000": (f"{SIDES}/BitsPerComponent 1/ImageMask true/Filter[/FlateDecode/FlateDecode]", lambda: zlib.compress(zeros_deflated(430), 9), HARD, "A stencil of 60,000 by 60,000 bits."),
    "image-without-end": ("/Width 2147483647/Height 2147483647/BitsPerComponent 16/ColorSpace/DeviceCMYK", lambda: b"\x00", stamped(), "An image of four million million million pixels."),
    "jpeg-garbage": ("/Width 20/Height 20/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode", lambda: b"\xff\xd8\xff\xdb" + bytes(range(256)) * 8, stamped(), "A JPEG of garbage."),
    "jpeg-of-65535": ("/Width 65535/Height 65535/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode", lambda: bytes.fromhex("ffd8ffc0001108ffffffff03011100021100031100") + b"\xff\xda" + bytes(64), stamped(), "A JPEG that says it has 65,535 by 65,535 pixels."),
    "jpeg-2000-garbage": ("/Width 20/Height 20/Filter/JPXDecode", lambda: bytes.fromhex("0000000c6a5020200d0a870a") + bytes(range(256)) * 8, stamped(), "A JPEG 2000 of garbage."),
    "jpeg-2000-without-end": (
        "/Width 20/Height 20/Filter/JPXDecode",
        lambda: bytes.fromhex("ff4fff51002f0000ffffffffffffffff0000000000000000000000010000000100000000000000000003070101070101070101"),
        stamped(),
        "A JPEG 2000 of four thousand million by four thousand million pixels, in tiles of one.",
    ),
    "jbig2-garbage": ("/Width 20/Height 20/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode", lambda: bytes(range(256)) * 8, stamped(), "A JBIG2 of garbage."),
    "jbig2-without-end": (
        "/Width 20/Height 20/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode",
        lambda: bytes.fromhex("00000000300001000000137fffffff7fffffff00000000000000000000000000"),
        stamped(),
        "A JBIG2 page of two thousand million by two thousand million bits.",
    ),
    "fax-without-end": ("/Width 60000/Height 60000/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 2000000000/Rows 2000000000>>", lambda: b"\xff" * 64, HARD, "A fax of two thousand million columns."),
}
for name, (entries, data, verdict, says) in IMAGES.items():
    case.add(name, verdict, says, lambda entries=entries, data=data: pictured(entries, data()))


@case(HARD)
def codes_of_a_font():
    """A composite font whose maps claim all four thousand million codes."""
    pdf = sheet(TEXT + b"BT /T 14 Tf 72 500 Td <0000004100000042> Tj ET", resources="/Font<</T 10 0 R/F1 5 0 R>>", font=False)
    pdf.obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    pdf.obj(10, "<</Type/Font/Subtype/Type0/BaseFont/Wide/Encoding 11 0 R/ToUnicode 12 0 R/DescendantFonts[13 0 R]>>")
    spaces = b"1 begincodespacerange <00000000> <ffffffff> endcodespacerange\n"
    pdf.stream(11, spaces + b"1 begincidrange <00000000> <ffffffff> 0 endcidrange", "/Type/CMap/CMapName/Wide/WMode 0/CIDSystemInfo<</Registry(A)/Ordering(B)/Supplement 0>>")
    pdf.stream(12, spaces + b"1 beginbfrange <00000000> <ffffffff> <0041> endbfrange")
    widths = f"/W[0 4294967295 500 {' '.join(f'{number} {number + 9} 500' for number in range(0, 500_000, 10))}]"
    return pdf.obj(13, f"<</Type/Font/Subtype/CIDFontType2/BaseFont/Wide/CIDSystemInfo<</Registry(A)/Ordering(B)/Supplement 0>>{widths}>>").end()


@case(stamped())
def font_of_garbage():
    """A font whose program is garbage."""
    pdf = sheet(TEXT + b"BT /T 14 Tf 72 500 Td (abc) Tj ET", resources="/Font<</T 10 0 R/F1 5 0 R>>", font=False)
    pdf.obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    pdf.obj(10, "<</Type/Font/Subtype/TrueType/BaseFont/Junk/FirstChar 97/LastChar 99/Widths[500 500 500]/FontDescriptor 11 0 R>>")
    pdf.obj(11, "<</Type/FontDescriptor/FontName/Junk/Flags 32/FontBBox[0 0 1 1]/ItalicAngle 0/Ascent 1/Descent 0/CapHeight 1/StemV 1/FontFile2 12 0 R>>")
    return pdf.stream(12, bytes(range(256)) * 40, "/Length1 10240").end()


@case(stamped())
def metadata():
    """XMP whose entities laugh a thousand million times."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    xmp = f'<?xml version="1.0"?><!DOCTYPE x [{entities}]><x:xmpmeta xmlns:x="adobe:ns:meta/">&e9;</x:xmpmeta>'
    return sheet(catalog="/Metadata 10 0 R").stream(10, xmp, "/Type/Metadata/Subtype/XML").end()


@case(refused("pdf-a1-transparency"))
def metadata_of_zeros():
    """XMP of 10 GiB: what cannot be read may claim PDF/A-1, which allows the least."""
    return sheet(catalog="/Metadata 10 0 R").stream(10, zlib.compress(zeros_deflated(HUGE), 9), "/Type/Metadata/Subtype/XML/Filter[/FlateDecode/FlateDecode]").end()


@case(HARD)
def inline_images():
    """A hundred thousand inline images without end."""
    return sheet(b"BI /W 9999 /H 9999 /BPC 8 /CS /RGB ID " * 100_000).end()
