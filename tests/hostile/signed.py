"""Signed, certified, locked, and what only pretends to be."""

import datetime
import hashlib

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from .case import Kind, refused, stamped
from .pdf import TEXT, sheet

case = Kind("signed")

# Of nobody: a test needs no secret, and every run must make the same files.
KEY = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"hostile").digest(), "big") >> 1, ec.SECP256R1())
ROOM = 4096  # hexadecimal digits of /Contents
CERTIFIED = refused("pdf-certified")
FORM = "/Type/XObject/Subtype/Form/BBox[0 0 595 842]"


def _certificate():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Party A")])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, datetime.datetime(2020, 1, 1), datetime.datetime(2120, 1, 1))
    return builder.sign(KEY, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


CERTIFICATE = _certificate()


def signature(signed, content_type="data", content=None):
    """A CMS signature (RFC 5652) over these bytes."""
    certificate = asn1_x509.Certificate.load(CERTIFICATE)
    digest = hashlib.sha256(content.dump() if content else signed).digest()
    named = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(CERTIFICATE).digest()})
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": [content_type]}),
            cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [named]})]}),
        ]
    )
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}}),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": KEY.sign(attributes.dump(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)),
        }
    )
    encapsulated = {"content_type": content_type}
    if content:
        encapsulated["content"] = cms.ParsableOctetString(content.dump())
    data = {"version": "v3" if content else "v1", "digest_algorithms": [sha256], "encap_content_info": encapsulated, "certificates": [certificate], "signer_infos": [signer]}
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)}).dump()


def time_stamp(signed):
    """A time-stamp token (RFC 3161) over these bytes."""
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": "1.2.3.4",
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(signed).digest()},
            "serial_number": 1,
            "gen_time": datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
        }
    )
    return signature(b"", "tst_info", info)


HOLE = b"<" + b"0" * ROOM + b">"
RANGE = b"[0 AAAAAAAAAA BBBBBBBBBB CCCCCCCCCC]"


def fill(data, lie=None, make=signature):
    """Signs the file; `lie` turns the four numbers of /ByteRange into others."""
    at, hole = data.index(RANGE), data.index(HOLE)
    numbers = [0, hole, hole + len(HOLE), len(data) - hole - len(HOLE)]
    said = lie(*numbers) if lie else numbers
    written = f"[{' '.join(str(number) for number in said)}]".encode().ljust(len(RANGE))
    data = data[:at] + written + data[at + len(RANGE) :]
    start, length, second, rest = said if lie else numbers
    cms_der = make(data[start : start + length] + data[second : second + rest])
    return data.replace(HOLE, b"<" + cms_der.hex().encode().ljust(ROOM, b"0") + b">")


def field(pdf, value="", *, number=10, name="PartyA", rect="300 100 400 150", lock="", sub_filter="ETSI.CAdES.detached", kind="Sig"):
    """A signature field and, as the next object, its value with what `value` adds."""
    pdf.obj(number, f"<</Type/Annot/Subtype/Widget/FT/Sig/T({name})/F 132/Rect[{rect}]/P 3 0 R/V {number + 1} 0 R/AP<</N 9 0 R>>{lock}>>")
    entries = f"<</Type/{kind}/Filter/Adobe.PPKLite/SubFilter/{sub_filter}/ByteRange {RANGE.decode()}/Contents "
    return pdf.obj(number + 1, entries.encode() + HOLE + f"{value}>>".encode())


def form(fields="10 0 R", flags=3, more=""):
    return f"/AcroForm<</Fields[{fields}]/SigFlags {flags}{more}>>"


def base(catalog="", fields="10 0 R", flags=3, more="", content=TEXT):
    """A sheet with a form; the field is still to come."""
    pdf = sheet(content, catalog=form(fields, flags, more) + catalog, page=f"/Annots[{fields}]")
    return pdf.stream(9, b"0 0 .8 RG 1 1 98 48 re S", "/Type/XObject/Subtype/Form/BBox[0 0 100 50]")


def mdp(method, parameters):
    """A signature reference (ISO 32000-2 §12.8.1, Table 256)."""
    return f"/Reference[<</Type/SigRef/TransformMethod/{method}/TransformParams<</Type/TransformParams{parameters}>>>>]"


def signed(**more):
    """A sheet with one signature over the whole of it."""
    return fill(field(base(), **more).end())


class Update:
    """An incremental update of a finished file, of which only the last section is known."""

    def __new__(cls, data):
        pdf = sheet()
        pdf.out, pdf.places = bytearray(data), {}
        pdf.previous = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
        pdf.highest = 20
        return pdf


@case(stamped())
def approved():
    """An approval signature over the whole file, as it should be."""
    return signed()


@case(stamped())
def approved_the_old_way():
    """A signature of the kind adbe.pkcs7.detached."""
    return signed(sub_filter="adbe.pkcs7.detached")


@case(stamped())
def approved_twice():
    """Two approval signatures, one after the other."""
    pdf = Update(signed())
    pdf.obj(1, f"<</Type/Catalog/Pages 2 0 R{form('10 0 R 12 0 R')}>>")
    pdf.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R/Annots[10 0 R 12 0 R]>>")
    return fill(bytes(field(pdf, number=12, name="PartyB", rect="450 100 550 150").table()))


@case(stamped())
def time_stamped():
    """A document time stamp."""
    return fill(field(base(), sub_filter="ETSI.RFC3161", kind="DocTimeStamp").end(), make=time_stamp)


@case(stamped())
def append_only():
    """SigFlags say append only, and there is no signature yet."""
    return sheet(catalog="/AcroForm<</Fields[]/SigFlags 2>>").end()


@case(stamped())
def empty_field():
    """A signature field that nobody has signed."""
    pdf = base()
    return pdf.obj(10, "<</Type/Annot/Subtype/Widget/FT/Sig/T(PartyA)/F 132/Rect[300 100 400 150]/P 3 0 R>>").end()


@case(stamped())
def empty_field_with_a_lock():
    """A field that will lock all others once it is signed."""
    pdf = base()
    lock = "/Lock<</Type/SigFieldLock/Action/All>>"
    return pdf.obj(10, f"<</Type/Annot/Subtype/Widget/FT/Sig/T(PartyA)/F 132/Rect[300 100 400 150]/P 3 0 R{lock}>>").end()


@case(stamped())
def usage_rights():
    """Usage rights (UR3), which readers of Adobe's heed and which say nothing of what the file shows."""
    reference = mdp("UR3", "/V/2.2/Document[/FullSave]")
    pdf = sheet(catalog="/Perms<</UR3 10 0 R>>")
    pdf.obj(10, f"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 0 0 0]/Contents<00>{reference}>>")
    return pdf.end()


@case(refused("placement-over-signature page=1"), at=(123_000, 252_000))
def over_a_signature():
    """The seal is to stand on another one's signature."""
    return signed()


# -------------------------------------------------------------------------------------------------------- broken


@case(refused("broken-signature why=signature-digest-mismatch"))
def changed():
    """One letter of the page was changed after it was signed."""
    return signed().replace(b"forty machines", b"forty Machines")


@case(refused("broken-signature why=signature-invalid"))
def of_another_key():
    """The last byte of the signature value is another one."""
    data = signed()
    hole = data.index(b"/Contents <") + 11
    end = hole + len(data[hole : hole + ROOM].rstrip(b"0")) // 2 * 2
    other = b"%02x" % (int(data[end - 2 : end], 16) ^ 1)
    return data[: end - 2] + other + data[end:]


@case(refused("broken-signature why=signature-malformed"))
def garbage():
    """The signature is garbage."""
    return fill(field(base()).end(), make=lambda _: b"not a signature")


@case(refused("broken-signature why=signature-malformed"))
def nothing():
    """The signature is zeros."""
    return fill(field(base()).end(), make=lambda _: b"")


RANGES = {
    "range-that-ends-early": (lambda a, b, c, d: (a, b, c, d - 40), "The last 40 bytes are not signed."),
    "range-that-starts-late": (lambda a, b, c, d: (a + 20, b - 20, c, d), "The first 20 bytes are not signed."),
    "range-with-a-gap": (lambda a, b, c, d: (a, b - 30, c, d), "30 bytes before /Contents are not signed."),
    "range-with-a-gap-behind": (lambda a, b, c, d: (a, b, c + 10, d - 10), "10 bytes after /Contents are not signed."),
    "range-that-overlaps": (lambda a, b, c, d: (a, b, b - 100, d), "The two parts overlap."),
    "range-beyond-the-end": (lambda a, b, c, d: (a, b, c, d + 1000), "The second part goes on behind the end of the file."),
    "range-beyond-numbers": (lambda a, b, c, d: (a, b, c, 9223372036854775807), "The second part has 2^63 - 1 bytes."),
    "range-of-nothing": (lambda a, b, c, d: (0, 0, 0, 0), "Nothing is signed."),
    "range-negative": (lambda a, b, c, d: (a, -b, c, d), "The first part has a negative length."),
    "range-of-one-part": (lambda a, b, c, d: (a, c + d, c + d, 0), "/Contents is signed with the rest."),
    "range-over-a-part": (lambda a, b, c, d: (a, b, c, 0), "Only what comes before /Contents is signed."),
    "range-reversed": (lambda a, b, c, d: (c, d, a, b), "The second part comes first."),
}
for name, (lie, says) in RANGES.items():
    case.add(name, refused("broken-signature why=signature-byte-range"), says, lambda lie=lie: fill(field(base()).end(), lie))


@case(refused("broken-signature why=signature-byte-range"))
def range_missing():
    """The signature has no /ByteRange."""
    return fill(field(base()).end()).replace(b"/ByteRange", b"/ByteRangi")


@case(refused("broken-signature why=signature-byte-range"))
def contents_elsewhere():
    """The hole in the signed bytes is a string beside /Contents, as in an attack of 2018 (universal signature forgery)."""
    pdf = base()
    pdf.obj(10, "<</Type/Annot/Subtype/Widget/FT/Sig/T(PartyA)/F 132/Rect[300 100 400 150]/P 3 0 R/V 11 0 R/AP<</N 9 0 R>>>>")
    entries = f"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange {RANGE.decode()}/Contents 12 0 R/Other "
    pdf.obj(11, entries.encode() + HOLE + b">>")
    return fill(pdf.obj(12, "<00>").end())


# ------------------------------------------------------------------------------------------- certified and locked


def certified(level, entry=True):
    """Certified by a first signature with a DocMDP transform."""
    catalog = "/Perms<</DocMDP 11 0 R>>" if entry else ""
    return lambda: fill(field(base(catalog), mdp("DocMDP", f"/V/1.2{level}")).end())


LEVELS = {
    "certified-1": (certified("/P 1"), "Certified: no changes at all."),
    "certified-2": (certified("/P 2"), "Certified: forms may be filled in and existing fields signed."),
    "certified-3": (certified("/P 3"), "Certified: the same, and annotations."),
    "certified-without-a-level": (certified(""), "Certified; without /P it is level 2."),
    "certified-at-level-9": (certified("/P 9"), "Certified at a level that does not exist."),
    "certified-outside-of-perms": (certified("/P 2", entry=False), "A DocMDP transform that the catalog's /Perms do not name."),
}
for name, (make, says) in LEVELS.items():
    case.add(name, CERTIFIED, says, make)


@case(refused("pdf-certified", "broken-signature"))
def certified_and_broken():
    """Certified, and changed afterwards."""
    return certified("/P 3")().replace(b"forty machines", b"forty Machines")


@case(CERTIFIED)
def certified_by_nothing():
    """/Perms name a certification that is no field's value and says nothing."""
    return sheet(catalog="/Perms<</DocMDP<</Type/Sig/Filter/Adobe.PPKLite>>>>").end()


LOCKS = {
    "locked-all": ("/Action/All", CERTIFIED, "The signature locks all fields."),
    "locked-all-but-some": ("/Action/Exclude/Fields[(Remarks)]", CERTIFIED, "The signature locks all fields but one."),
    "locked-some": ("/Action/Include/Fields[(Amount)]", stamped(), "The signature locks one field, which is not the seal's."),
    "locked-by-an-unknown-action": ("/Action/Perhaps", CERTIFIED, "The signature locks fields in a way nobody knows."),
}
for name, (parameters, verdict, says) in LOCKS.items():

    def locked(parameters=parameters):
        lock = f"/Lock<</Type/SigFieldLock{parameters}>>"
        return fill(field(base(), mdp("FieldMDP", f"/V/1.2{parameters}"), lock=lock).end())

    case.add(name, verdict, says, locked)


@case(CERTIFIED)
def locked_document():
    """The lock of the signed field forbids any later change (ISO 32000-2 Table 236)."""
    return fill(field(base(), lock="/Lock<</Type/SigFieldLock/Action/All/P 1>>").end())


# ------------------------------------------------------------------------------------------------ changed afterwards


@case(refused("broken-signature why=signature-changed-afterwards"))
def shadow_replace():
    """After the signature, an update replaces the page's content."""
    return bytes(Update(signed()).stream(4, TEXT.replace(b"forty", b"four ")).table())


@case(refused("broken-signature why=signature-changed-afterwards"))
def shadow_hide():
    """After the signature, an update covers the page's text by an image that was in the file and not drawn before."""
    return bytes(Update(signed()).stream(4, b"1 g 0 0 595 842 re f 0 g BT /F1 16 Tf 72 770 Td (Gift) Tj ET").table())


@case(refused("broken-signature why=signature-changed-afterwards"))
def shadow_page():
    """After the signature, an update puts another page before the signed one."""
    pdf = Update(signed()).obj(2, "<</Type/Pages/Kids[12 0 R 3 0 R]/Count 2>>")
    pdf.obj(12, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 13 0 R>>")
    return bytes(pdf.stream(13, TEXT).table())


@case(refused("broken-signature why=signature-changed-afterwards"))
def shadow_annotation():
    """After the signature, an update puts an opaque annotation over the text."""
    pdf = Update(signed())
    pdf.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R/Annots[10 0 R 12 0 R]>>")
    pdf.obj(12, "<</Type/Annot/Subtype/Stamp/F 4/Rect[72 600 500 800]/AP<</N 13 0 R>>>>")
    return bytes(pdf.stream(13, b"1 g 0 0 595 842 re f", FORM).table())


@case(refused("broken-signature why=signature-changed-afterwards"))
def shadow_font():
    """After the signature, an update replaces the font, and with it what the page reads like."""
    return bytes(Update(signed()).obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>").table())


@case(stamped("form-fields"))
def filled_in_afterwards():
    """After the signature, a text field was filled in, as forms may be."""
    pdf = base(fields="10 0 R 12 0 R")
    pdf.obj(12, "<</Type/Annot/Subtype/Widget/FT/Tx/T(Amount)/F 4/Rect[72 300 200 320]/P 3 0 R/DA(/F1 9 Tf)>>")
    text = b"BT /F1 9 Tf 2 5 Td (5000) Tj ET"
    update = Update(fill(field(pdf).end()))
    update.obj(12, "<</Type/Annot/Subtype/Widget/FT/Tx/T(Amount)/V(5000)/F 4/Rect[72 300 200 320]/P 3 0 R/DA(/F1 9 Tf)/AP<</N 13 0 R>>>>")
    return bytes(update.stream(13, text, "/Type/XObject/Subtype/Form/BBox[0 0 128 20]/Resources<</Font<</F1 5 0 R>>>>").table())


@case(stamped())
def rewritten_afterwards():
    """After the signature, page and content were written again, word for word but for white space."""
    pdf = Update(signed())
    pdf.obj(3, "<< /Type /Page /Resources << /Font << /F1 5 0 R >> >> /MediaBox [ 0.0 0 595 842.0 ] /Parent 2 0 R /Contents 4 0 R /Annots [ 10 0 R ] >>")
    return bytes(pdf.stream(4, TEXT).table())


@case(stamped())
def updated_without_change():
    """After the signature, an update adds an object that nothing leads to."""
    return bytes(Update(signed()).obj(12, "(nothing)").table())
