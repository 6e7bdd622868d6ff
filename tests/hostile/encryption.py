"""Encrypted in every way there is (ISO 32000-2 §7.6), with passwords that are in this file."""

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .case import Kind, refused, stamped
from .pdf import TEXT, sheet

case = Kind("encryption")

ENCRYPTED = refused("pdf-encrypted")
PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
ID = bytes(range(16))
PERMISSIONS = -44


def rc4(key, data):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def aes(key, data, initial=bytes(16), padded=True):
    if padded:
        length = 16 - len(data) % 16
        data += bytes([length]) * length
    encryptor = Cipher(algorithms.AES(key), modes.CBC(initial)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def md5(data):
    return hashlib.md5(data, usedforsecurity=False).digest()


def padded(password):
    return (password + PAD)[:32]


def passwords_until_4(revision, length, user, owner, metadata=True):
    """/O, /U and the file's key (Algorithms 2 to 5); `length` in bytes."""
    rounds = 50 if revision >= 3 else 0
    digest = md5(padded(owner))
    for _ in range(rounds):
        digest = md5(digest)
    o = padded(user)
    for i in range(20 if revision >= 3 else 1):
        o = rc4(bytes(byte ^ i for byte in digest[:length]), o)
    seed = padded(user) + o + struct.pack("<i", PERMISSIONS) + ID
    key = md5(seed if metadata else seed + b"\xff" * 4)
    for _ in range(rounds):
        key = md5(key[:length])
    key = key[:length]
    if revision == 2:
        return o, rc4(key, PAD), key
    u = md5(PAD + ID)
    for i in range(20):
        u = rc4(bytes(byte ^ i for byte in key), u)
    return o, u + bytes(16), key


def hashed(revision, password, salt, more=b""):
    """Algorithm 2.B; revision 5 of Adobe's extension had only its first step."""
    digest = hashlib.sha256(password + salt + more).digest()
    if revision == 5:
        return digest
    round_number, last = 0, 0
    while round_number < 64 or last > round_number - 32:
        encryptor = Cipher(algorithms.AES(digest[:16]), modes.CBC(digest[16:32])).encryptor()
        data = encryptor.update((password + digest + more) * 64)
        digest = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(data[:16]) % 3](data).digest()
        last = data[-1]
        round_number += 1
    return digest[:32]


def passwords_from_5(revision, user, owner, key):
    """The entries of the encryption dictionary (Algorithms 8 to 10)."""
    user_salts, owner_salts = b"user-val" + b"user-key", b"own--val" + b"own--key"
    u = hashed(revision, user, user_salts[:8]) + user_salts
    ue = aes(hashed(revision, user, user_salts[8:]), key, padded=False)
    o = hashed(revision, owner, owner_salts[:8], u) + owner_salts
    oe = aes(hashed(revision, owner, owner_salts[8:], u), key, padded=False)
    permissions = struct.pack("<i", PERMISSIONS) + b"\xff" * 4 + b"Tadb" + b"same"
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    perms = encryptor.update(permissions)
    return "".join(f"/{name}<{value.hex()}>" for name, value in (("U", u), ("UE", ue), ("O", o), ("OE", oe), ("Perms", perms)))


def of_object(key, number, salt):
    return md5(key + struct.pack("<I", number)[:3] + bytes(2) + salt)[: min(len(key) + 5, 16)]


def file(entries, content, trailer="", **more):
    """A sheet whose content is encrypted, with this encryption dictionary as object 10."""
    pdf = sheet(content, **more).obj(10, f"<<{entries}/P {PERMISSIONS}>>")
    return pdf.end(f"/Encrypt 10 0 R/ID[<{ID.hex()}><{ID.hex()}>]{trailer}")


def legacy(version, revision, length, user, owner, method=None, metadata=True):
    """RC4, or AES of 128 bits."""
    o, u, key = passwords_until_4(revision, length, user, owner, metadata)
    if method == "AESV2":
        content = ID + aes(of_object(key, 4, b"sAlT"), TEXT, ID)
    else:
        content = rc4(of_object(key, 4, b""), TEXT)
    entries = f"/Filter/Standard/V {version}/R {revision}/Length {length * 8}/O<{o.hex()}>/U<{u.hex()}>"
    if method:
        entries += f"/CF<</StdCF<</AuthEvent/DocOpen/CFM/{method}/Length 16>>>>/StmF/StdCF/StrF/StdCF"
    return file(entries + ("" if metadata else "/EncryptMetadata false"), content)


def modern(revision, user, owner):
    """AES of 256 bits."""
    key = hashlib.sha256(b"a key for a test").digest()
    entries = "/Filter/Standard/V 5/Length 256/CF<</StdCF<</AuthEvent/DocOpen/CFM/AESV3/Length 32>>>>/StmF/StdCF/StrF/StdCF"
    return file(f"{entries}/R {revision}{passwords_from_5(revision, user, owner, key)}", ID + aes(key, TEXT, ID))


WAYS = {
    "rc4-40-with-a-password": ("RC4 of 40 bits; it takes a password to read.", lambda: legacy(1, 2, 5, b"user", b"owner")),
    "rc4-40-with-an-owner": ("RC4 of 40 bits; everybody can read it.", lambda: legacy(1, 2, 5, b"", b"owner")),
    "rc4-128-with-a-password": ("RC4 of 128 bits; it takes a password to read.", lambda: legacy(2, 3, 16, b"user", b"owner")),
    "rc4-128-with-an-owner": ("RC4 of 128 bits; everybody can read it.", lambda: legacy(2, 3, 16, b"", b"owner")),
    "rc4-in-a-crypt-filter": ("RC4 by a crypt filter.", lambda: legacy(4, 4, 16, b"user", b"owner", "V2")),
    "aes-128-with-a-password": ("AES of 128 bits; it takes a password to read.", lambda: legacy(4, 4, 16, b"user", b"owner", "AESV2")),
    "aes-128-with-an-owner": ("AES of 128 bits, but for the metadata; everybody can read it.", lambda: legacy(4, 4, 16, b"", b"owner", "AESV2", False)),
    "aes-256-r5": ("AES of 256 bits as Adobe had it first.", lambda: modern(5, b"user", b"owner")),
    "aes-256-r6-with-a-password": ("AES of 256 bits; it takes a password to read.", lambda: modern(6, b"user", b"owner")),
    "aes-256-r6-with-an-owner": ("AES of 256 bits; everybody can read it.", lambda: modern(6, b"", b"owner")),
}
for name, (says, make) in WAYS.items():
    case.add(name, ENCRYPTED, says, make)


@case(ENCRYPTED)
def identity():
    """Strings and streams by the crypt filter Identity, which changes nothing."""
    o, u, _ = passwords_until_4(4, 16, b"", b"owner")
    return file(f"/Filter/Standard/V 4/R 4/Length 128/O<{o.hex()}>/U<{u.hex()}>/StmF/Identity/StrF/Identity", TEXT)


@case(ENCRYPTED)
def attachments_alone():
    """Only embedded files are encrypted (/EFF)."""
    o, u, key = passwords_until_4(4, 16, b"user", b"owner")
    filters = "/CF<</StdCF<</AuthEvent/EFOpen/CFM/AESV2/Length 16>>>>/StmF/Identity/StrF/Identity/EFF/StdCF"
    pdf = sheet(catalog="/Names<</EmbeddedFiles<</Names[(a) 11 0 R]>>>>")
    pdf.obj(10, f"<</Filter/Standard/V 4/R 4/Length 128/O<{o.hex()}>/U<{u.hex()}>{filters}/P {PERMISSIONS}>>")
    pdf.obj(11, "<</Type/Filespec/F(a.txt)/EF<</F 12 0 R>>>>")
    pdf.stream(12, ID + aes(of_object(key, 12, b"sAlT"), b"attached", ID), "/Type/EmbeddedFile")
    return pdf.end(f"/Encrypt 10 0 R/ID[<{ID.hex()}><{ID.hex()}>]")


@case(ENCRYPTED)
def by_certificate():
    """The public-key security handler; its one recipient is nobody."""
    filters = "/CF<</DefaultCryptFilter<</CFM/AESV3/Recipients[<3000>]>>>>/StmF/DefaultCryptFilter/StrF/DefaultCryptFilter"
    return file(f"/Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 5/Length 256{filters}", ID + aes(bytes(32), TEXT, ID))


@case(ENCRYPTED)
def by_a_handler_nobody_knows():
    """A security handler of some company."""
    return file("/Filter/Example.Rights/V 1", bytes(reversed(TEXT)))


@case(ENCRYPTED)
def directly_in_the_trailer():
    """/Encrypt is no object of its own."""
    return sheet(rc4(b"key", TEXT)).end("/Encrypt<</Filter/Standard/V 1/R 2>>")


@case(ENCRYPTED)
def in_a_cross_reference_stream():
    """/Encrypt in the dictionary of a cross-reference stream."""
    pdf = sheet(rc4(b"key", TEXT)).obj(10, "<</Filter/Standard/V 1/R 2>>")
    return bytes(pdf.cross_references(11, "/Encrypt 10 0 R"))


@case(ENCRYPTED)
def under_another_spelling():
    """The key is written /Encr#79pt."""
    return sheet(rc4(b"key", TEXT)).obj(10, "<</Filter/Standard/V 1/R 2>>").end("/Encr#79pt 10 0 R")


@case(ENCRYPTED)
def in_an_earlier_revision_alone():
    """The first trailer has /Encrypt, the last one has not."""
    pdf = sheet(rc4(b"key", TEXT)).obj(10, "<</Filter/Standard/V 1/R 2>>").table("/Encrypt 10 0 R")
    return bytes(pdf.stream(4, TEXT).table())


@case(ENCRYPTED)
def in_the_last_revision_alone():
    """The last trailer has /Encrypt, the first one has not."""
    return bytes(sheet().table().obj(10, "<</Filter/Standard/V 1/R 2>>").table("/Encrypt 10 0 R"))


@case(ENCRYPTED)
def by_what_is_not_there():
    """/Encrypt names an object that is missing: whoever wrote it meant it to be encrypted."""
    return sheet().end("/Encrypt 99 0 R")


@case(stamped())
def by_null():
    """/Encrypt is null, which is the same as nothing (ISO 32000-2 §7.3.7)."""
    return sheet().end("/Encrypt null")


@case(stamped())
def only_a_word():
    """/Encrypt stands in the catalog, where it means nothing."""
    return sheet(catalog="/Encrypt<</Filter/Standard>>").end()
