"""Blank in many ways, and what only looks blank."""

import random

from .case import BLANK, Kind, refused, stamped
from .pdf import TEXT, sheet, sheets

case = Kind("blank")

SHOW = b"BT /F1 14 Tf 72 700 Td (You cannot see me) Tj ET"


def image(entries, data, content=b"q 400 0 0 400 90 200 cm /I Do Q", **more):
    """A page with one image, object 10."""
    pdf = sheet(content, resources="/XObject<</I 10 0 R>>", **more)
    return pdf.deflated(10, data, f"/Type/XObject/Subtype/Image{entries}")


RGB = "/Width 20/Height 20/BitsPerComponent 8/ColorSpace/DeviceRGB"
GREY = "/Width 20/Height 20/BitsPerComponent 8/ColorSpace/DeviceGray"


def annotation(entries, appearance=SHOW, content=b"", **more):
    """A page with nothing but one annotation, object 10, and its appearance, 11, unless there is none."""
    shown = "/AP<</N 11 0 R>>" if appearance is not None else ""
    pdf = sheet(content, page="/Annots[10 0 R]", **more)
    pdf.obj(10, f"<</Type/Annot/Rect[72 600 400 760]{shown}{entries}>>")
    if appearance is not None:
        pdf.stream(11, appearance, "/Type/XObject/Subtype/Form/BBox[0 500 595 842]/Resources<</Font<</F1 5 0 R>>>>")
    return pdf.end()


def layer(default, content, *, properties="10 0 R", groups="", catalog=""):
    """A page with a layer, object 10."""
    catalog += f"/OCProperties<</OCGs[10 0 R]/D<<{default}>>>>"
    pdf = sheet(content, catalog=catalog, resources=f"/Properties<</L {properties}>>")
    return pdf.obj(10, f"<</Type/OCG/Name(Notes){groups}>>")


CONTENTS = {
    "empty-contents": (b"", "The content has no bytes."),
    "only-white-space": (b" \n" * 500, "The content is white space."),
    "only-comments": (b"% (Contract) Tj\n" * 50, "The content is comments."),
    "white-rectangle": (b"1 1 1 rg 0 0 595 842 re f", "One white rectangle."),
    "white-rectangles": (b"".join(b"1 g %d %d 50 50 re f\n" % (x, y) for x in range(0, 600, 50) for y in range(0, 850, 50)), "White tiles."),
    "white-strokes": (b"1 G 5 w 10 10 m 500 800 l S 40 40 300 300 re S", "White lines."),
    "white-text": (b"1 1 1 rg " + SHOW, "White text on white paper."),
    "white-cmyk-text": (b"0 0 0 0 k " + SHOW, "White text, in CMYK."),
    "nearly-white-text": (b".995 g " + SHOW, "Text that differs from the paper by one step in 255."),
    "text-mode-3": (b"3 Tr " + SHOW, "Invisible text."),
    "text-mode-7": (b"q 7 Tr " + SHOW + b" Q", "Text that only clips."),
    "text-beside-the-page": (b"BT /F1 14 Tf 700 400 Td (Out here) Tj 0 900 Td (Up there) Tj ET", "Text right of the page and above."),
    "text-clipped-away": (b"q 0 0 0 0 re W n " + SHOW + b" Q", "Text within a clipping path without area."),
    "text-clipped-elsewhere": (b"q 10 10 20 20 re W n " + SHOW + b" Q", "Text outside of its clipping path."),
    "text-of-spaces": (b"BT /F1 14 Tf 72 700 Td (          ) Tj ET", "Nothing but spaces."),
    "text-of-size-0": (b"BT /F1 0 Tf 72 700 Td (Contract) Tj ET", "Text of size 0."),
    "text-scaled-to-nothing": (b"BT /F1 14 Tf 0 Tz 72 700 Td (Contract) Tj ET", "Text scaled to no width."),
    "text-in-a-flat-matrix": (b"1 0 0 0 0 400 cm " + SHOW, "Text in a space without height."),
    "text-too-small": (b"BT /F1 .01 Tf 72 700 Td (Contract) Tj ET", "Text a thousandth of a letter high."),
    "covered": (TEXT + b"1 g 0 0 595 842 re f", "Text under a white rectangle."),
    "covered-by-strokes": (TEXT + b"1 G 900 w 0 421 m 595 421 l S", "Text under a white line as thick as the page."),
    "path-without-paint": (b"10 10 m 500 800 l 30 30 200 200 re n", "A path that is not painted."),
    "one-colour-all-over": (b".8 .9 .8 rg -10 -10 700 900 re f", "Green paper."),
    "dust": (b"0 g 100 100 .8 .8 re f 300 500 1 1 re f", "Two specks of less than half a millimetre."),
    "inline-image": (b"q 400 0 0 400 90 200 cm BI /W 4 /H 4 /BPC 8 /CS /G /F /AHx ID " + b"ff" * 16 + b"> EI Q", "A white image within the content."),
    "image-without-area": (b"q 0 0 0 0 0 0 cm BI /W 4 /H 4 /BPC 8 /CS /G /F /AHx ID " + b"00" * 16 + b"> EI Q", "A black image drawn in no size."),
    "unknown-operators": (b"BX (Contract) Show 12 Foo EX", "Operators that nobody knows."),
    "endless-nothing": (b"q Q " * 20_000, "Twenty thousand times nothing."),
}
for name, (content, says) in CONTENTS.items():
    case.add(name, BLANK, says, lambda content=content: sheet(content).end())


@case(BLANK)
def no_contents():
    """The page has no /Contents."""
    return sheet(None).end()


@case(BLANK)
def no_contents_in_an_array():
    """/Contents is an empty array."""
    return sheet(None, page="/Contents[]").end()


@case(BLANK)
def contents_that_are_missing():
    """/Contents names an object that is not there, which is null (ISO 32000-2 §7.3.10)."""
    return sheet(None, page="/Contents[88 0 R 89 0 R]").end()


@case(BLANK)
def outside_the_crop_box():
    """Text on the part of the page that is cropped away."""
    return sheet(b"BT /F1 14 Tf 72 790 Td (Contract) Tj ET", page="/CropBox[0 0 595 700]").end()


@case(BLANK)
def transparent_text():
    """Text of opacity 0."""
    return sheet(b"/G gs " + SHOW, resources="/ExtGState<</G<</ca 0/CA 0>>>>").end()


@case(BLANK)
def masked_text():
    """Text behind a soft mask that lets nothing through."""
    pdf = sheet(b"/G gs " + SHOW, resources="/ExtGState<</G<</SMask<</S/Luminosity/G 10 0 R>>>>>>")
    return pdf.stream(10, b"0 g 0 0 595 842 re f", "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Group<</S/Transparency/CS/DeviceGray>>").end()


@case(BLANK)
def screened_text():
    """Black text mixed with white paper by Screen, which leaves white."""
    return sheet(b"1 g 0 0 595 842 re f /G gs 0 g " + SHOW, resources="/ExtGState<</G<</BM/Screen>>>>").end()


@case(refused("blank-document", "stamp-on-blank-page page=1", "hidden-layer"))
def text_on_a_hidden_layer():
    """All text is on a layer that is off."""
    return layer("/OFF[10 0 R]", b"/OC /L BDC " + SHOW + b" EMC").end()


@case(BLANK)
def empty_form():
    """A form XObject with nothing in it."""
    return sheet(b"/X Do", resources="/XObject<</X 10 0 R>>").stream(10, b"", "/Type/XObject/Subtype/Form/BBox[0 0 595 842]").end()


@case(BLANK)
def forms_within_forms():
    """Twelve forms, one in the other, and nothing in the last."""
    pdf = sheet(b"/X Do", resources="/XObject<</X 10 0 R>>")
    for number in range(10, 22):
        pdf.stream(number, b"/X Do", f"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X {number + 1} 0 R>>>>")
    return pdf.stream(22, b"", "/Type/XObject/Subtype/Form/BBox[0 0 595 842]").end()


@case(BLANK)
def form_clipped_by_its_box():
    """A form whose text lies outside its /BBox."""
    pdf = sheet(b"/X Do", resources="/XObject<</X 10 0 R>>")
    return pdf.stream(10, SHOW, "/Type/XObject/Subtype/Form/BBox[0 0 50 50]/Resources<</Font<</F1 5 0 R>>>>").end()


@case(BLANK)
def type_3_glyphs_without_marks():
    """A font whose glyphs draw nothing."""
    pdf = sheet(b"BT /T 14 Tf 72 700 Td (aaaa) Tj ET", resources="/Font<</T 10 0 R>>", font=False)
    pdf.obj(
        10,
        "<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</a 11 0 R>>"
        "/Encoding<</Type/Encoding/Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[800]/Resources<<>>>>",
    )
    return pdf.stream(11, b"800 0 d0").end()


@case(BLANK)
def white_pattern():
    """A tiling pattern of white tiles."""
    pdf = sheet(b"/Pattern cs /P scn 0 0 595 842 re f", resources="/Pattern<</P 10 0 R>>")
    entries = "/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 20 20]/XStep 20/YStep 20/Resources<<>>"
    return pdf.stream(10, b"1 g 0 0 20 20 re f", entries).end()


@case(BLANK)
def white_shading():
    """A shading from white to white."""
    shading = "<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 595 0]/Function<</FunctionType 2/Domain[0 1]/C0[1]/C1[1]/N 1>>/Extend[true true]>>"
    return sheet(b"/S sh", resources=f"/Shading<</S {shading}>>").end()


@case(BLANK)
def colour_none():
    """Text in the separation None, which never leaves marks (ISO 32000-2 §8.6.6.4)."""
    space = "[/Separation/None/DeviceGray<</FunctionType 2/Domain[0 1]/C0[1]/C1[0]/N 1>>]"
    return sheet(b"/N cs 1 scn " + SHOW, resources=f"/ColorSpace<</N {space}>>").end()


@case(BLANK)
def white_image():
    """A white image."""
    return image(RGB, b"\xff" * 1200).end()


@case(BLANK)
def white_bits():
    """An image of one bit, all white."""
    return image("/Width 16/Height 16/BitsPerComponent 1/ColorSpace/DeviceGray", b"\xff" * 32).end()


@case(BLANK)
def white_by_decode():
    """An image of zeros that /Decode turns white."""
    return image("/Width 16/Height 16/BitsPerComponent 1/ColorSpace/DeviceGray/Decode[1 0]", bytes(32)).end()


@case(BLANK)
def white_stencil():
    """A stencil mask painted in white."""
    return image("/Width 16/Height 16/BitsPerComponent 1/ImageMask true", bytes(32), b"1 g q 400 0 0 400 90 200 cm /I Do Q").end()


@case(BLANK)
def image_that_is_transparent():
    """A black image with a soft mask of zeros."""
    return image(RGB + "/SMask 11 0 R", bytes(1200)).deflated(11, bytes(400), f"/Type/XObject/Subtype/Image{GREY}").end()


@case(BLANK)
def image_masked_by_colour():
    """A black image whose black is masked out."""
    return image(RGB + "/Mask[0 0 0 0 0 0]", bytes(1200)).end()


@case(BLANK)
def scan_of_an_empty_sheet():
    """A scan of paper with its grain, and nothing written on it."""
    grain = random.Random(1)
    data = bytes(grain.choice((228, 232, 236, 240)) for _ in range(210 * 297))
    return image("/Width 210/Height 297/BitsPerComponent 8/ColorSpace/DeviceGray", data, b"q 595 0 0 842 0 0 cm /I Do Q").end()


@case(refused("blank-document", "stamp-on-blank-page page=3"))
def three_pages():
    """Three pages, none of which shows anything."""
    return sheets([b"", b"1 g 0 0 600 850 re f", b"3 Tr " + SHOW]).end()


ANNOTATIONS = {
    "hidden-annotation": ("/Subtype/Stamp/F 2", "An annotation that is hidden."),
    "annotation-not-for-the-screen": ("/Subtype/Stamp/F 36", "An annotation that only prints."),
    "link": ("/Subtype/Link/Border[0 0 0]/Dest[3 0 R/Fit]", "A link without a border."),
    "pop-up": ("/Subtype/Popup/Contents(Note)/Open false", "The window of a note that is closed."),
}
for name, (entries, says) in ANNOTATIONS.items():
    appearance = None if name in ("link", "pop-up") else SHOW
    case.add(name, BLANK, says, lambda entries=entries, appearance=appearance: annotation(entries, appearance))


@case(BLANK)
def annotation_that_shows_nothing():
    """An annotation with an appearance that is empty."""
    return annotation("/Subtype/Stamp/F 4", b"")


@case(refused("hidden-layer"))
def annotation_on_a_hidden_layer():
    """An annotation on a layer that is off; it counts as seen, and is refused all the same."""
    catalog = "/OCProperties<</OCGs[12 0 R]/D<</OFF[12 0 R]>>>>"
    pdf = sheet(b"", page="/Annots[10 0 R]", catalog=catalog)
    pdf.obj(10, "<</Type/Annot/Subtype/Stamp/F 4/Rect[72 600 400 760]/AP<</N 11 0 R>>/OC 12 0 R>>")
    pdf.stream(11, SHOW, "/Type/XObject/Subtype/Form/BBox[0 500 595 842]/Resources<</Font<</F1 5 0 R>>>>")
    return pdf.obj(12, "<</Type/OCG/Name(Notes)>>").end()


@case(BLANK)
def empty_field():
    """A text field with nothing in it and no appearance: nobody sees anything of it but a form to be filled in."""
    pdf = sheet(b"", page="/Annots[10 0 R]")
    pdf.obj(10, "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[72 600 400 760]>>")
    return pdf.end()


# ------------------------------------------------------------------------------------------------ not blank at all


@case(stamped())
def a_scan():
    """Nothing but the image of a written page."""
    pen = random.Random(2)
    data = bytearray(b"\xf0" * (210 * 297))
    for row in range(30, 260, 8):
        for column in range(20, 190):
            data[row * 210 + column] = pen.choice((20, 240))
    return image("/Width 210/Height 297/BitsPerComponent 8/ColorSpace/DeviceGray", bytes(data), b"q 595 0 0 842 0 0 cm /I Do Q").end()


NOT_BLANK = {
    "one-letter": (b"BT /F1 10 Tf 72 700 Td (a) Tj ET", "A single letter."),
    "a-line": (b".3 w 72 400 m 500 400 l S", "A hairline."),
    "a-speck-of-2-mm": (b"0 g 100 100 5.7 5.7 re f", "A speck too large for dust."),
    "much-dust": (b"0 g " + b"".join(b"%d %d 1 1 re f\n" % (x, y) for x in range(50, 550, 20) for y in range(50, 800, 20)), "A pattern of specks."),
    "pale-text": (b".88 g " + SHOW, "Text in a grey of 12%, as watermarks have it."),
    "black-paper": (b"0 g 0 0 595 842 re f 1 g " + SHOW, "White text on black."),
}
for name, (content, says) in NOT_BLANK.items():
    case.add(name, stamped(), says, lambda content=content: sheet(content).end())


@case(stamped())
def a_note():
    """An annotation with an appearance."""
    return annotation("/Subtype/Stamp/F 4")


@case(stamped())
def a_text_box_without_appearance():
    """Free text that each reader draws as it likes: no reader shows nothing."""
    return annotation("/Subtype/FreeText/F 4/DA(/F1 12 Tf 0 g)/Contents(Approved)", None)


@case(stamped("form-fields"))
def a_field_filled_in():
    """A text field with a value and no appearance, which readers draw."""
    pdf = sheet(b"", page="/Annots[10 0 R]", catalog="/AcroForm<</Fields[10 0 R]/NeedAppearances true/DA(/F1 12 Tf 0 g)/DR<</Font<</F1 5 0 R>>>>>>")
    return pdf.obj(10, "<</Type/Annot/Subtype/Widget/FT/Tx/T(amount)/V(5000)/F 4/Rect[72 600 400 660]>>").end()


@case(stamped())
def text_on_a_layer_that_is_on():
    """All text is on a layer that everybody sees."""
    return layer("/ON[10 0 R]", b"/OC /L BDC " + SHOW + b" EMC").end()


@case(stamped("font-missing page=1"))
def text_in_a_font_that_is_not_there():
    """Text in a font that is not embedded: whoever has it sees it."""
    pdf = sheet(b"BT /F2 14 Tf 72 700 Td (Contract) Tj ET", resources="/Font<</F2 10 0 R>>", font=False)
    return pdf.obj(10, "<</Type/Font/Subtype/TrueType/BaseFont/Nowhere/Encoding/WinAnsiEncoding>>").end()


@case(stamped(), pages="1")
def a_blank_page_elsewhere():
    """One of three pages is blank, and another one is stamped."""
    return sheets([TEXT, b"", TEXT]).end()


@case(refused("stamp-on-blank-page page=2"), pages="2")
def a_stamp_on_the_blank_page():
    """One of three pages is blank, and just that one is to be stamped."""
    return sheets([TEXT, b"", TEXT]).end()
