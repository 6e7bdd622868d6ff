"""Content that acts, wherever it hangs, and what only looks like it."""

from .case import Kind, refused, stamped
from .pdf import TEXT, sheet, sheets

case = Kind("active")

SCRIPT = "<</S/JavaScript/JS(app.alert\\(1\\))>>"
FORM = "/Type/XObject/Subtype/Form/BBox[0 0 595 842]"


def acts(kind, page=None):
    return refused(f"active-content kind={kind}" + (f" page={page}" if page else ""))


def with_action(action, catalog="/OpenAction 10 0 R", page="", more=()):
    """A sheet with an action, object 10, hung up somewhere; further objects from 11."""

    def make():
        pdf = sheet(catalog=catalog, page=page).obj(10, action)
        for number, body in enumerate(more, 11):
            pdf.obj(number, body)
        return pdf.end()

    return make


PLACES = {
    "on-opening": ("/OpenAction 10 0 R", "", (), None, "On opening the document."),
    "before-closing": ("/AA<</WC 10 0 R>>", "", (), None, "Before the document is closed."),
    "by-name": ("/Names<</JavaScript<</Kids[11 0 R]>>>>", "", ("<</Names[(a) 10 0 R]/Limits[(a)(a)]>>",), None, "Among the document's scripts by name."),
    "on-the-page": ("", "/AA<</O 10 0 R>>", (), 1, "On opening the page."),
    "on-a-link": ("", "/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A 10 0 R>>]", (), 1, "On a link."),
    "under-the-mouse": ("", "/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/AA<</E 10 0 R>>>>]", (), 1, "Where the mouse comes by."),
    "in-an-outline": ("/Outlines 11 0 R", "", ("<</First 12 0 R/Last 12 0 R/Count 1>>", "<</Title(a)/Parent 11 0 R/A 10 0 R>>"), None, "On an outline item."),
    "after-a-jump": ("/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next[<</S/GoTo/D[3 0 R/Fit]/Next 10 0 R>>]>>", "", (), None, "After two jumps."),
    "in-a-thread": ("/Threads[11 0 R]", "", ("<</I<</Title(a)>>/F<</A 10 0 R>>>>",), None, "In an article's thread, where none belongs."),
    "under-a-key-nobody-knows": ("/Example<</Deep[[<</Er 10 0 R>>]]>>", "", (), None, "Under a key nobody knows."),
}
for name, (catalog, page, more, on, says) in PLACES.items():
    case.add(f"script-{name}", acts("javascript", on), f"A script. {says}", with_action(SCRIPT, catalog, page, more))

SPELLINGS = {
    "hexadecimal-name": ("<</S/J#61vaScript/JS(app.alert\\(1\\))>>", "Written /J#61vaScript."),
    "hexadecimal-keys": ("<</#53/JavaScript/J#53(app.alert\\(1\\))>>", "Its keys are written /#53 and /J#53."),
    "key-twice": ("<</S/GoTo/S/JavaScript/JS(app.alert\\(1\\))>>", "/S says first that it is a jump."),
    "rendition": ("<</S/Rendition/OP 0/JS(app.alert\\(1\\))>>", "Carried by a rendition."),
    "type-missing": ("<</JS(app.alert\\(1\\))>>", "Without /S."),
}
for name, (action, says) in SPELLINGS.items():
    told = ["active-content kind=javascript"] + (["active-content kind=multimedia"] if name == "rendition" else [])
    case.add(f"script-{name}", refused(*told), f"A script. {says}", with_action(action))


@case(acts("javascript"))
def script_as_a_stream():
    """A script whose text is a compressed stream."""
    return sheet(catalog="/OpenAction<</S/JavaScript/JS 10 0 R>>").deflated(10, b"app.alert(1)").end()


@case(acts("javascript"))
def script_in_an_object_stream():
    """A script in an object stream."""
    pdf = sheet(catalog="/OpenAction 10 0 R").object_stream(20, {10: SCRIPT})
    return bytes(pdf.cross_references(21))


@case(acts("javascript"))
def script_in_an_update():
    """The last revision puts a script in the place of a jump."""
    pdf = sheet(catalog="/OpenAction 10 0 R").obj(10, "<</S/GoTo/D[3 0 R/Fit]>>").table()
    return bytes(pdf.obj(10, SCRIPT).table())


@case(stamped())
def script_that_is_no_more():
    """The last revision has put a jump in the place of a script."""
    pdf = sheet(catalog="/OpenAction 10 0 R").obj(10, SCRIPT).table()
    return bytes(pdf.obj(10, "<</S/GoTo/D[3 0 R/Fit]>>").table())


@case(stamped())
def script_nothing_leads_to():
    """A script that lies in the file without anything that leads to it."""
    return sheet().obj(10, SCRIPT).end()


@case(stamped())
def script_in_words():
    """The page speaks of JavaScript, and a string holds one."""
    return sheet(TEXT + b"BT /F1 9 Tf 72 500 Td (/S /JavaScript /JS) Tj ET").obj(10, "(<</S/JavaScript/JS(app.alert\\(1\\))>>)").end()


@case(refused("active-content kind=javascript page=1", "active-content kind=javascript page=2"))
def scripts_on_two_pages():
    """Scripts on opening each of two pages."""
    pdf = sheets([TEXT, TEXT])
    for number in (20, 22):
        pdf.obj(number, f"<</Type/Page/Parent 2 0 R/Contents {number + 1} 0 R/AA<</O<</S/JavaScript/JS(1)>>>>>>")
    return pdf.end()


@case(refused("active-content kind=javascript page=1"))
def script_of_a_field():
    """A field that computes itself by a script."""
    pdf = sheet(catalog="/AcroForm<</Fields[10 0 R]>>", page="/Annots[10 0 R]")
    return pdf.obj(10, f"<</Type/Annot/Subtype/Widget/FT/Tx/T(sum)/F 4/Rect[72 300 200 320]/AA<</C {SCRIPT}>>>>").end()


ACTIONS = {
    "launch": ("<</S/Launch/F(calc.exe)>>", ["active-content kind=launch"], "Starts a program."),
    "launch-on-windows": ("<</S/Launch/Win<</F(cmd.exe)/P(/c calc)>>>>", ["active-content kind=launch"], "Starts a program on Windows."),
    "submit-form": ("<</S/SubmitForm/F<</FS/URL/F(https://example.org)>>>>", ["active-content kind=submit-form"], "Sends the form away."),
    "import-data": ("<</S/ImportData/F(data.fdf)>>", ["active-content kind=import-data"], "Fills the form from a file."),
    "reset-form": ("<</S/ResetForm>>", ["active-content kind=view-action"], "Sets the form back."),
    "hide": ("<</S/Hide/T(a)>>", ["active-content kind=view-action"], "Hides a field."),
    "set-layers": ("<</S/SetOCGState/State[/OFF]>>", ["active-content kind=view-action"], "Switches layers."),
    "rendition": ("<</S/Rendition/OP 0>>", ["active-content kind=multimedia"], "Plays something."),
    "movie": ("<</S/Movie/T(a)>>", ["active-content kind=multimedia"], "Plays a film."),
    "sound": ("<</S/Sound/Sound 3 0 R>>", ["active-content kind=multimedia"], "Plays a sound."),
    "go-to-3d-view": ("<</S/GoTo3DView/TA 3 0 R/V/F>>", ["active-content kind=multimedia"], "Turns a scene."),
    "rich-media-execute": ("<</S/RichMediaExecute/CMD<</C(play)>>>>", ["active-content kind=multimedia"], "Runs rich media."),
}
for name, (action, told, says) in ACTIONS.items():
    case.add(name, refused(*told), says, with_action(action))

HARMLESS = {
    "jump-on-opening": ("<</S/GoTo/D[3 0 R/Fit]>>", [], "Goes to a page of this document on opening."),
    "named-action": ("<</S/Named/N/NextPage>>", [], "Turns the page."),
    "web-link-on-opening": ("<</S/URI/URI(https://example.org)>>", [], "A web page, which readers ask about."),
    "go-to-another-file": ("<</S/GoToR/F(other.pdf)/D[0/Fit]>>", ["external-content kind=document"], "Goes to another document."),
    "go-to-an-embedded-file": ("<</S/GoToE/D[0/Fit]/T<</R/C/N(a)>>>>", ["external-content kind=document"], "Goes to a document within this one."),
    "transition": ("<</S/Trans/Trans<</S/Wipe>>>>", [], "Shows a transition."),
}
for name, (action, told, says) in HARMLESS.items():
    case.add(name, stamped(*told), says, with_action(action))


@case(stamped())
def web_link():
    """A link to a web page that a person has to follow."""
    return sheet(page="/Annots[<</Type/Annot/Subtype/Link/Rect[72 300 200 320]/A<</S/URI/URI(https://example.org)>>>>]").end()


ANNOTATIONS = {
    "annotation-screen": ("/Subtype/Screen", ["active-content kind=multimedia page=1"]),
    "annotation-movie": ("/Subtype/Movie/Movie<</F(a.avi)>>", ["active-content kind=multimedia page=1"]),
    "annotation-sound": ("/Subtype/Sound", ["active-content kind=multimedia page=1"]),
    "annotation-3d": ("/Subtype/3D/3DD 3 0 R", ["active-content kind=multimedia page=1"]),
    "annotation-rich-media": ("/Subtype/RichMedia", ["active-content kind=multimedia page=1"]),
}
for name, (entries, told) in ANNOTATIONS.items():

    def annotated(entries=entries):
        pdf = sheet(page="/Annots[10 0 R]").obj(10, f"<</Type/Annot{entries}/F 4/Rect[72 300 200 400]/AP<</N 11 0 R>>>>")
        return pdf.stream(11, b"0 g 0 0 50 50 re f", FORM).end()

    case.add(name, refused(*told), "An annotation that plays something.", annotated)


@case(refused("pdf-xfa"))
def xfa_as_a_stream():
    """An XFA form in one stream."""
    return sheet(catalog="/AcroForm<</Fields[]/XFA 10 0 R>>").deflated(10, b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>").end()


@case(refused("pdf-xfa"))
def xfa_in_parts():
    """An XFA form in parts."""
    pdf = sheet(catalog="/AcroForm<</Fields[]/XFA[(template) 10 0 R(datasets) 11 0 R]>>")
    return pdf.deflated(10, b"<template/>").deflated(11, b"<datasets/>").end()


@case(stamped("embedded-file"))
def attachment():
    """A file within the file, by name."""
    pdf = sheet(catalog="/Names<</EmbeddedFiles<</Names[(a.txt) 10 0 R]>>>>").obj(10, "<</Type/Filespec/F(a.txt)/UF(a.txt)/EF<</F 11 0 R>>>>")
    return pdf.deflated(11, b"attached", "/Type/EmbeddedFile").end()


@case(stamped("embedded-file page=1"))
def attachment_on_the_page():
    """A file within the file, on a pin on the page."""
    pdf = sheet(page="/Annots[10 0 R]").obj(10, "<</Type/Annot/Subtype/FileAttachment/F 4/Rect[72 300 90 320]/FS 11 0 R/AP<</N 13 0 R>>>>")
    pdf.obj(11, "<</Type/Filespec/F(a.txt)/EF<</F 12 0 R>>>>").deflated(12, b"attached", "/Type/EmbeddedFile")
    return pdf.stream(13, b"0 g 0 0 9 9 re f", FORM).end()


@case(stamped("embedded-file"))
def associated_file():
    """A file that is associated with the document (/AF)."""
    pdf = sheet(catalog="/AF[10 0 R]").obj(10, "<</Type/Filespec/F(a.xml)/AFRelationship/Source/EF<</F 11 0 R>>>>")
    return pdf.deflated(11, b"<a/>", "/Type/EmbeddedFile").end()


@case(stamped("embedded-file"))
def portfolio():
    """A portfolio of files, whose page is only its cover."""
    return sheet(catalog="/Collection<</View/D>>").end()


@case(stamped("external-content kind=stream page=1"))
def image_elsewhere():
    """An image whose data are in another file."""
    pdf = sheet(TEXT + b"q 50 0 0 50 72 300 cm /I Do Q", resources="/XObject<</I 10 0 R>>")
    return pdf.stream(10, b"", "/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/F(elsewhere.raw)").end()


@case(stamped("external-content kind=stream page=1"))
def content_elsewhere():
    """Part of the page's content is in another file."""
    return sheet(page="/Contents[4 0 R 10 0 R]", content=None).stream(4, TEXT).stream(10, b"", "/F(elsewhere.txt)").end()


@case(stamped("external-content kind=content page=1"))
def page_of_another_file():
    """A reference XObject, in whose place a page of another file is shown."""
    pdf = sheet(TEXT + b"/X Do", resources="/XObject<</X 10 0 R>>")
    return pdf.stream(10, b"0 g 72 300 50 50 re f", f"{FORM}/Ref<</F(other.pdf)/Page 0>>").end()


@case(stamped("external-content kind=content page=1"))
def image_of_a_server():
    """An image that an OPI server replaces in print."""
    pdf = sheet(TEXT + b"q 50 0 0 50 72 300 cm /I Do Q", resources="/XObject<</I 10 0 R>>")
    opi = "/OPI<</2.0<</Type/OPI/Version 2.0/F(high.tif)>>>>"
    return pdf.deflated(10, b"\x00", f"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray{opi}").end()


@case(refused("active-content kind=postscript page=1"))
def postscript():
    """A PostScript XObject, which printers run."""
    pdf = sheet(TEXT + b"/X Do", resources="/XObject<</X 10 0 R>>")
    return pdf.stream(10, b"showpage", "/Type/XObject/Subtype/PS").end()


@case(refused("hidden-layer page=1"))
def image_of_two_kinds():
    """An image that is another one in print."""
    pdf = sheet(TEXT + b"q 50 0 0 50 72 300 cm /I Do Q", resources="/XObject<</I 10 0 R>>")
    entries = "/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"
    pdf.deflated(10, b"\x00", f"{entries}/Alternates[<</Image 11 0 R/DefaultForPrinting true>>]")
    return pdf.deflated(11, b"\xff", entries).end()


# --------------------------------------------------------------------------------------------------------- layers


def layered(default, content=b"/OC /L BDC BT /F1 14 Tf 72 400 Td (Subject to approval) Tj ET EMC", groups="", more="", properties="10 0 R", configurations=""):
    """A sheet with a layer, object 10, and what `default` says of it."""

    def make():
        catalog = f"/OCProperties<</OCGs[10 0 R]/D<<{default}>>{configurations}>>"
        pdf = sheet(TEXT + content, catalog=catalog, resources=f"/Properties<</L {properties}>>").obj(10, f"<</Type/OCG/Name(Notes){groups}>>")
        return (pdf.obj(11, more) if more else pdf).end()

    return make


PRINT_ONLY = "/Usage<</Print<</PrintState/ON>>/View<</ViewState/OFF>>>>"
USAGES = "/AS[<</Event/View/Category[/View]/OCGs[10 0 R]>><</Event/Print/Category[/Print]/OCGs[10 0 R]>>]"
LAYERS = {
    "layer-off": (layered("/OFF[10 0 R]"), True, "A layer that is off."),
    "layer-off-by-base": (layered("/BaseState/OFF"), True, "All layers are off."),
    "layer-in-print-alone": (layered(USAGES, groups=PRINT_ONLY), True, "A layer that is only printed."),
    "layer-on-the-screen-alone": (layered(USAGES, groups="/Usage<</Print<</PrintState/OFF>>/View<</ViewState/ON>>>>"), True, "A layer that is never printed."),
    "layer-by-membership": (layered("", properties="11 0 R", more="<</Type/OCMD/OCGs[10 0 R]/P/AllOff>>"), True, "Text that is hidden because a layer is on."),
    "layer-by-expression": (layered("", properties="11 0 R", more="<</Type/OCMD/VE[/Not 10 0 R]>>"), True, "Text that is hidden by an expression while its layer is on."),
    "layer-of-another-name": (layered("", properties="11 0 R", more="<</Type/OCG/Name(Stray)>>"), False, "A layer that the document does not list, and which is therefore shown."),
    "layer-on": (layered("/ON[10 0 R]"), False, "A layer that everybody sees."),
    "layer-zoomed": (layered("/AS[<</Event/View/Category[/Zoom]/OCGs[10 0 R]>>]", groups="/Usage<</Zoom<</min 4>>>>"), True, "A layer that shows only when one looks closely."),
    "layer-by-language": (layered("/AS[<</Event/View/Category[/Language]/OCGs[10 0 R]>>]", groups="/Usage<</Language<</Lang(zh-CN)>>>>"), True, "A layer that shows only to whoever reads Chinese."),
}
for name, (make, hidden, says) in LAYERS.items():
    case.add(name, refused("hidden-layer") if hidden else stamped(), says, make)
