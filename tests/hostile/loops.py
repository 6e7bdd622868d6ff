"""Whatever leads back to itself."""

from .case import BLANK, Kind, damaged, refused, stamped
from .pdf import TEXT, Pdf, changed, sheet

case = Kind("loops")

FORM = "/Type/XObject/Subtype/Form/BBox[0 0 595 842]"
GLYPHS = (
    "<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</a 11 0 R>>"
    "/Encoding<</Type/Encoding/Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[800]/Resources<</Font<</T 10 0 R>>>>>>"
)


@case(damaged("prev-loop"))
def previous_section():
    """/Prev leads back to its own section."""
    pdf = sheet()
    return pdf.end(f"/Prev {pdf.offset()}")


@case(damaged("prev-loop"))
def previous_sections():
    """/Prev of the second section leads to the first, and that of the first to the second."""
    pdf = sheet().table("/Prev 999999")
    pdf.obj(10, "(more)")
    there = pdf.offset()
    return changed(pdf.table(), "/Prev 999999", f"/Prev {there:06}")


@case(damaged("no-section"))
def cross_reference_stream_of_itself():
    """/XRefStm names the table it stands beside."""
    pdf = sheet()
    return pdf.end(f"/XRefStm {pdf.offset()}")


@case(damaged("page-tree"))
def kids():
    """The page tree is its own kid."""
    return Pdf().obj(1, "<</Type/Catalog/Pages 2 0 R>>").obj(2, "<</Type/Pages/Kids[2 0 R]/Count 1>>").end()


@case(damaged("page-tree"))
def grandchildren():
    """Two nodes of the page tree are each other's kids."""
    pdf = Pdf().obj(1, "<</Type/Catalog/Pages 2 0 R>>").obj(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
    return pdf.obj(3, "<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 1>>").end()


@case(damaged("page-tree"))
def parents():
    """The page inherits its /MediaBox from a node whose /Parent is itself and that is none of the tree."""
    pdf = sheet(box="")
    page = "<</Type/Page/Parent 10 0 R/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>"
    return pdf.obj(3, page).obj(10, "<</Type/Pages/Parent 10 0 R/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>").end()


@case(damaged("reference-loop"))
def references():
    """The number that /Count needs is a reference to itself."""
    pdf = Pdf().obj(1, "<</Type/Catalog/Pages 2 0 R>>").obj(2, "<</Type/Pages/Kids[3 0 R]/Count 10 0 R>>")
    pdf.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>")
    return pdf.obj(10, "11 0 R").obj(11, "10 0 R").end()


@case(damaged("stream-length"))
def length():
    """The content's /Length is the content."""
    return sheet(None, page="/Contents 4 0 R").stream(4, TEXT, length="4 0 R").end()


@case(refused("pdf-damaged what=stream-length page=1", "pdf-damaged what=stream-length page=1"))
def length_by_length():
    """The content's /Length is a stream whose /Length is the content."""
    return sheet(None, page="/Contents 4 0 R").stream(4, TEXT, length="10 0 R").stream(10, b"216", length="4 0 R").end()


@case(damaged("object-stream"))
def object_stream_within_itself():
    """An object stream is said to lie within itself."""
    pdf = sheet(None, page="/Contents 4 0 R").stream(4, TEXT)
    pdf.object_stream(10, {11: "(kept)"})
    pdf.places[10] = (10, 0, "in")
    return bytes(pdf.cross_references(12))


@case(damaged("object-stream"))
def object_streams_within_each_other():
    """Two object streams are said to lie within each other."""
    pdf = sheet(None, page="/Contents 4 0 R").stream(4, TEXT)
    pdf.object_stream(10, {13: "(kept)"}).object_stream(11, {14: "(kept)"})
    pdf.places[10], pdf.places[11] = (11, 0, "in"), (10, 0, "in")
    return bytes(pdf.cross_references(12))


@case(stamped())
def object_stream_that_extends_itself():
    """/Extends of an object stream names itself; nobody follows it."""
    pdf = Pdf().stream(4, TEXT)
    kept = {
        1: "<</Type/Catalog/Pages 2 0 R>>",
        2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    }
    return bytes(pdf.object_stream(8, kept, "/Extends 8 0 R").cross_references(9))


@case(stamped())
def form():
    """A form XObject that draws itself, after some text."""
    pdf = sheet(TEXT + b"/X Do", resources="/XObject<</X 10 0 R>>")
    return pdf.stream(10, b"0 g 72 300 50 50 re f /X Do", f"{FORM}/Resources<</XObject<</X 10 0 R>>>>").end()


@case(BLANK)
def form_of_nothing():
    """A form XObject that does nothing but draw itself."""
    pdf = sheet(b"/X Do", resources="/XObject<</X 10 0 R>>")
    return pdf.stream(10, b"/X Do", f"{FORM}/Resources<</XObject<</X 10 0 R>>>>").end()


@case(stamped())
def forms():
    """Two form XObjects that draw each other."""
    pdf = sheet(TEXT + b"/X Do", resources="/XObject<</X 10 0 R>>")
    pdf.stream(10, b"/X Do /X Do", f"{FORM}/Resources<</XObject<</X 11 0 R>>>>")
    return pdf.stream(11, b"/X Do /X Do", f"{FORM}/Resources<</XObject<</X 10 0 R>>>>").end()


@case(stamped())
def form_with_the_resources_of_the_page():
    """A form without resources of its own takes those of the page, in which it is itself."""
    pdf = sheet(TEXT + b"/X Do", resources="/XObject<</X 10 0 R>>")
    return pdf.stream(10, b"/X Do", FORM).end()


@case(stamped())
def glyph():
    """A glyph that shows itself."""
    pdf = sheet(TEXT + b"BT /T 14 Tf 72 500 Td (aaa) Tj ET", resources="/Font<</T 10 0 R/F1 5 0 R>>", font=False)
    pdf.obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    return pdf.obj(10, GLYPHS).stream(11, b"800 0 d0 0 0 500 500 re f BT /T 1 Tf (a) Tj ET").end()


@case(stamped())
def pattern():
    """A tiling pattern whose tile is painted with itself."""
    pdf = sheet(TEXT + b"/Pattern cs /P scn 72 300 200 200 re f", resources="/Pattern<</P 10 0 R>>")
    entries = "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 20 20]/XStep 20/YStep 20/Resources<</Pattern<</P 10 0 R>>>>"
    return pdf.stream(10, b"/Pattern cs /P scn 0 0 20 20 re f", entries).end()


@case(stamped())
def soft_mask():
    """A soft mask whose group is drawn through itself."""
    pdf = sheet(TEXT + b"/G gs 0 g 72 300 200 200 re f", resources="/ExtGState<</G 11 0 R>>")
    pdf.obj(11, "<</SMask<</S/Luminosity/G 10 0 R>>>>")
    return pdf.stream(10, b"/G gs 1 g 0 0 595 842 re f", f"{FORM}/Group<</S/Transparency/CS/DeviceGray>>/Resources<</ExtGState<</G 11 0 R>>>>").end()


@case(stamped())
def mask_of_an_image():
    """An image that is its own soft mask."""
    pdf = sheet(TEXT + b"q 100 0 0 100 72 300 cm /I Do Q", resources="/XObject<</I 10 0 R>>")
    return pdf.deflated(10, bytes(400), "/Type/XObject/Subtype/Image/Width 20/Height 20/BitsPerComponent 8/ColorSpace/DeviceGray/SMask 10 0 R").end()


@case(stamped())
def colour_space():
    """A colour space based on itself."""
    return sheet(TEXT + b"/C cs 0 sc 72 300 50 50 re f", resources="/ColorSpace<</C 10 0 R>>").obj(10, "[/Indexed 10 0 R 1 <0000>]").end()


@case(stamped())
def function():
    """A stitching function made of itself, in a shading."""
    shading = "<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 595 0]/Function 10 0 R>>"
    pdf = sheet(TEXT + b"q 72 300 50 50 re W n /S sh Q", resources=f"/Shading<</S {shading}>>")
    return pdf.obj(10, "<</FunctionType 3/Domain[0 1]/Functions[10 0 R 10 0 R]/Bounds[.5]/Encode[0 1 0 1]>>").end()


@case(stamped("font-missing"))
def descendant_font():
    """A composite font whose descendant is itself."""
    pdf = sheet(TEXT + b"BT /T 14 Tf 72 500 Td <0041> Tj ET", resources="/Font<</T 10 0 R/F1 5 0 R>>", font=False)
    pdf.obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    return pdf.obj(10, "<</Type/Font/Subtype/Type0/BaseFont/Loop/Encoding/Identity-H/DescendantFonts[10 0 R]>>").end()


@case(stamped())
def outlines():
    """Outline items that follow each other in a circle."""
    pdf = sheet(catalog="/Outlines 10 0 R").obj(10, "<</Type/Outlines/First 11 0 R/Last 12 0 R/Count 2>>")
    pdf.obj(11, "<</Title(a)/Parent 10 0 R/Next 12 0 R/Prev 12 0 R/First 11 0 R/Last 11 0 R>>")
    return pdf.obj(12, "<</Title(b)/Parent 12 0 R/Next 11 0 R>>").end()


@case(stamped())
def names():
    """A name tree that is its own kid."""
    return sheet(catalog="/Names<</Dests 10 0 R>>").obj(10, "<</Kids[10 0 R 10 0 R]>>").end()


@case(damaged("form"))
def fields():
    """A field that is its own kid."""
    return sheet(catalog="/AcroForm<</Fields[10 0 R]>>").obj(10, "<</T(a)/Kids[11 0 R]>>").obj(11, "<</T(b)/Kids[11 0 R]>>").end()


@case(damaged("form"))
def fields_of_each_other():
    """Two fields that are each other's kids."""
    pdf = sheet(catalog="/AcroForm<</Fields[10 0 R]>>").obj(10, "<</T(a)/Kids[11 0 R]>>")
    return pdf.obj(11, "<</T(b)/Kids[12 0 R]>>").obj(12, "<</T(c)/Kids[11 0 R]>>").end()


@case(refused("active-content kind=javascript"))
def actions():
    """Two actions that follow each other, the second of which is a script."""
    pdf = sheet(catalog="/OpenAction 10 0 R").obj(10, "<</S/GoTo/D[3 0 R/Fit]/Next 11 0 R>>")
    return pdf.obj(11, "<</S/JavaScript/JS(app.alert\\(1\\))/Next 10 0 R>>").end()


@case(stamped())
def destinations():
    """Named destinations that name each other."""
    return sheet(catalog="/OpenAction 10 0 R/Dests<</a/b/b/a>>").obj(10, "<</S/GoTo/D/a/Next 10 0 R>>").end()


@case(stamped())
def structure():
    """A structure tree whose elements are each other's kids."""
    pdf = sheet(catalog="/MarkInfo<</Marked true>>/StructTreeRoot 10 0 R").obj(10, "<</Type/StructTreeRoot/K 11 0 R>>")
    return pdf.obj(11, "<</S/P/P 10 0 R/K[12 0 R]>>").obj(12, "<</S/P/P 11 0 R/K[11 0 R 12 0 R]>>").end()


@case(stamped())
def annotations():
    """An annotation whose appearance has the annotation in its resources, and a reply that replies to itself."""
    pdf = sheet(page="/Annots[10 0 R 12 0 R]")
    pdf.obj(10, "<</Type/Annot/Subtype/Stamp/F 4/Rect[72 300 200 400]/AP<</N 11 0 R>>/Parent 10 0 R>>")
    pdf.stream(11, b"0 g 0 0 9 9 re f /X Do", f"{FORM}/Resources<</XObject<</X 11 0 R/Y 10 0 R>>>>")
    return pdf.obj(12, "<</Type/Annot/Subtype/Popup/Rect[0 0 1 1]/Parent 12 0 R/IRT 12 0 R>>").end()


@case(refused("hidden-layer"))
def layers():
    """Layers whose order and membership lead back to themselves, and one of which is off."""
    catalog = "/OCProperties<</OCGs[10 0 R]/D<</Order 11 0 R/OFF[10 0 R]>>>>"
    pdf = sheet(TEXT + b"/OC /L BDC 0 g 0 0 9 9 re f EMC", catalog=catalog, resources="/Properties<</L 12 0 R>>")
    pdf.obj(10, "<</Type/OCG/Name(Notes)>>").obj(11, "[10 0 R 11 0 R]")
    return pdf.obj(12, "<</Type/OCMD/OCGs[10 0 R 12 0 R]/VE[/And 12 0 R]>>").end()
