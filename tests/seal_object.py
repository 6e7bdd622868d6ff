"""Makes seal objects in the structure of GB/T 38540-2020 (SES V4): what the agent verifies is then not written by its own code."""

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"
# What a seal object carries beyond the structure: its size in µm, its unit, and where its key is.
PARTICULARS = "1.2.840.113556.1.8000.2554.46291.50691.6700.19406.46210.15729468.15230931"


class Header(core.Sequence):
    _fields = [("id", core.IA5String), ("version", core.Integer), ("vid", core.IA5String)]


class Certificates(core.SequenceOf):
    _child_spec = core.OctetString


class Properties(core.Sequence):
    _fields = [
        ("type", core.Integer),
        ("name", core.UTF8String),
        ("cert_list_type", core.Integer),
        ("cert_list", Certificates),
        ("created", core.GeneralizedTime),
        ("valid_start", core.GeneralizedTime),
        ("valid_end", core.GeneralizedTime),
    ]


class Picture(core.Sequence):
    _fields = [("type", core.IA5String), ("data", core.OctetString), ("width_mm", core.Integer), ("height_mm", core.Integer)]


class Particulars(core.Sequence):
    _fields = [
        ("version", core.Integer),
        ("width_um", core.Integer),
        ("height_um", core.Integer),
        ("unit", core.UTF8String),
        ("key", core.UTF8String),
        ("certificate", core.UTF8String),
    ]


class Extension(core.Sequence):
    _fields = [("id", core.ObjectIdentifier), ("critical", core.Boolean, {"default": False}), ("value", core.OctetString)]


class Extensions(core.SequenceOf):
    _child_spec = Extension


class SealInfo(core.Sequence):
    _fields = [
        ("header", Header),
        ("id", core.IA5String),
        ("property", Properties),
        ("picture", Picture),
        ("extensions", Extensions),
    ]


class Seal(core.Sequence):
    _fields = [
        ("info", SealInfo),
        ("maker", core.OctetString),
        ("algorithm", core.ObjectIdentifier),
        ("signature", core.OctetBitString),
    ]


def make(application, certificate, key_uri, certificate_uri, picture, maker, valid_from, valid_until):
    """DER of the seal that was applied for (members of "seal-apply", a PNG), signed by the key `maker`.

    `certificate` is DER; the times are aware and whole seconds.
    """
    width_um, height_um = application["width_um"], application["height_um"]
    particulars = Particulars(
        {
            "version": 1,
            "width_um": width_um,
            "height_um": height_um,
            "unit": application["unit"],
            "key": key_uri,
            "certificate": certificate_uri,
        }
    )
    info = SealInfo(
        {
            "header": {"id": "ES", "version": 4, "vid": "sealkeeper-tests"},
            "id": application["seal"],
            "property": {
                "type": 1,
                "name": application["name"],
                "cert_list_type": 1,
                "cert_list": [certificate],
                "created": valid_from,
                "valid_start": valid_from,
                "valid_end": valid_until,
            },
            "picture": {
                "type": "PNG",
                "data": picture,
                "width_mm": round(width_um / 1000),
                "height_mm": round(height_um / 1000),
            },
            "extensions": [{"id": PARTICULARS, "value": particulars.dump()}],
        }
    )
    signature = maker.sign(info.dump(), ec.ECDSA(hashes.SHA256()))
    certificate_of_maker = _certificate_of(maker, valid_from, valid_until)
    seal = {"info": info, "maker": certificate_of_maker, "algorithm": ECDSA_WITH_SHA256, "signature": signature}
    return Seal(seal).dump()


def _certificate_of(key, valid_from, valid_until):
    """The maker's key certifies itself: it is the key that is trusted, not the certificate."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "印章管理部门")])
    builder = x509.CertificateBuilder().issuer_name(name).subject_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(valid_from).not_valid_after(valid_until)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
