"""Wrapping the call key, encrypting bodies, announcing keys.

HPKE draws its own randomness, so wraps once made are kept.
"""

import base64
import hmac
import json
from datetime import timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from raw import canonical, encode
from scenery import FOLDER, MOMENT, XA, XB, Scenery, as_json, ms, seed
from seals import sign

from node.clock import to_xml
from node.crypto.algorithms import Suite
from node.crypto.boxes import wrap_call_key
from node.crypto.decryption import AnnouncedKey, KeyUse, key_id
from node.crypto.key_statement import Announcement, announcement_to_xml
from node.model.ids import NodeCode
from node.protocol.n2n.v1 import envelope_pb2

CALL_KEY = seed("call key")
KEM_IDS = {Suite.HYBRID: 0x647A, Suite.X25519: 0x0020}


def info(sender: str, recipient: str) -> bytes:
    """What binds a wrap to who sends to whom."""
    return b"n2n/v1 key\x00" + sender.encode() + b"\x00" + recipient.encode()


# --- HPKE -------------------------------------------------------------------------------------------------------------


def wraps(scenery: Scenery, anew: bool) -> dict[Suite, bytes]:
    """The call key wrapped from XA to XB under both suites; committed ones are kept unless asked otherwise."""
    path = FOLDER / "hpke.json"
    if path.exists() and not anew:
        return {Suite(one["suite"]): bytes.fromhex(one["wrapped"]) for one in json.loads(path.read_bytes())["wraps"]}
    return {
        suite: wrap_call_key(suite, key.announce(), CALL_KEY, XA, XB).wrapped
        for suite, key in scenery.decryption.items()
    }


def hpke(scenery: Scenery, wrapped: dict[Suite, bytes]) -> bytes:
    """hpke.json."""
    good = [
        {
            "suite": suite,
            "kem_id": KEM_IDS[suite],
            "kdf_id": 1,
            "aead_id": 2,
            "recipient_key_id": key.id,
            "recipient_private": key.private_key.hex(),
            "recipient_public": key.announce().public.hex(),
            "enc_bytes": len(wrapped[suite]) - 48,
            "wrapped": wrapped[suite].hex(),
        }
        for suite, key in scenery.decryption.items()
    ]
    bad = [case for suite in scenery.decryption for case in _refused(scenery, suite, wrapped[suite])]
    return as_json(
        {
            "call_key": CALL_KEY.hex(),
            "sender": XA,
            "recipient": XB,
            "info": info(XA, XB).hex(),
            "wraps": good,
            "refused": bad,
        }
    )


def _refused(scenery: Scenery, suite: Suite, wrapped: bytes) -> list[dict[str, str]]:
    own = scenery.decryption[suite]
    other = next(key for key in scenery.decryption.values() if key.suite is not suite)

    def case(name: str, error: str, **changes: str) -> dict[str, str]:
        plain = {
            "suite": str(suite),
            "recipient_key_id": own.id,
            "sender": XA,
            "recipient": XB,
            "wrapped": wrapped.hex(),
        }
        return {"name": name, "error": error, **plain, **changes}

    unopenable, short = "N2N-ENC-003", suite is Suite.X25519
    flipped = bytes([wrapped[0] ^ 1]) + wrapped[1:]
    cases = [
        case("another sender", unopenable, sender="XC"),
        case("another recipient", unopenable, recipient="XC"),
        case("sender and recipient exchanged", unopenable, sender=XB, recipient=XA),
        case("a changed byte of enc", unopenable, wrapped=flipped.hex()),
        case("a changed byte of the tag", unopenable, wrapped=(wrapped[:-1] + bytes([wrapped[-1] ^ 1])).hex()),
        case("cut one byte short", unopenable, wrapped=wrapped[:-1].hex()),
        case("one byte too long", unopenable, wrapped=wrapped.hex() + "00"),
        case("an unknown key id", "N2N-ENC-002", recipient_key_id="0" * 16),
        case("the id of the other suite's key", "N2N-ENC-001", recipient_key_id=other.id),
        case("an unknown suite", "N2N-ENC-001", suite="P256-HKDF-SHA256-AES256GCM"),
        case("a point of low order", unopenable, wrapped=(bytes(32) + wrapped[32:]).hex()),
    ]
    # The hybrid's wraps are long: what they show beyond the short ones is that both halves are bound.
    return cases if short else [*cases[:2], cases[3], cases[5]]


# --- bodies -----------------------------------------------------------------------------------------------------------


def body_key(call_key: bytes, leaf: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869): salt = leaf, info = "n2n/v1 body", 32 bytes."""
    extracted = hmac.digest(leaf, call_key, "sha256")
    return hmac.digest(extracted, b"n2n/v1 body\x01", "sha256")


def close(body: bytes, leaf: bytes, nonce: bytes, call_key: bytes = CALL_KEY) -> bytes:
    """12 bytes nonce || AES-256-GCM(body), AAD = leaf."""
    return nonce + AESGCM(body_key(call_key, leaf)).encrypt(nonce, body, leaf)


def sealed_body() -> bytes:
    """sealed-body.json."""
    fields = {"salt": seed("salt").hex(), "metadata": b"m".hex(), "document": b"<Paper/>".hex()}
    body = encode(canonical(envelope_pb2.Body.DESCRIPTOR, fields))
    leaf, nonce = seed("a leaf"), seed("nonce")[:12]
    sealed = close(body, leaf, nonce)

    def case(name: str, data: bytes = sealed, under: bytes = leaf, key: bytes = CALL_KEY) -> dict[str, str]:
        return {
            "name": name,
            "error": "N2N-ENC-003",
            "call_key": key.hex(),
            "leaf": under.hex(),
            "sealed_body": data.hex(),
        }

    return as_json(
        {
            "call_key": CALL_KEY.hex(),
            "leaf": leaf.hex(),
            "body_key": body_key(CALL_KEY, leaf).hex(),
            "nonce": nonce.hex(),
            "body": body.hex(),
            "sealed_body": sealed.hex(),
            "refused": [
                case("another leaf", under=seed("another leaf")),
                case("another call key", key=seed("another call key")),
                case("a changed byte of the nonce", bytes([sealed[0] ^ 1]) + sealed[1:]),
                case("a changed byte of the text", sealed[:12] + bytes([sealed[12] ^ 1]) + sealed[13:]),
                case("a tag of 15 bytes", sealed[:-1]),
                case("shorter than nonce and tag", sealed[:27]),
            ],
        }
    )


# --- key statement ----------------------------------------------------------------------------------------------------


def statement(scenery: Scenery) -> tuple[bytes, bytes]:
    """XB's current key statement and its signature."""
    document = announcement_to_xml(_announcement(scenery))
    return document, sign(document, "document.xml", scenery.signers["xb-sign"])


def key_statement(scenery: Scenery) -> dict[str, bytes]:
    """key-statement.json and key-statement/."""
    announcement = _announcement(scenery)
    document, signature = statement(scenery)
    files = {"key-statement/statement.xml": document, "key-statement/statement.sig.xml": signature}
    cases: list[dict[str, object]] = []

    def case(name: str, expect: str, content: bytes, signer: str, uri: str = "document.xml") -> None:
        slug = name.replace(" ", "-")
        paths = (f"key-statement/{slug}.xml", f"key-statement/{slug}.sig.xml")
        files.update(zip(paths, (content, sign(content, uri, scenery.signers[signer])), strict=True))
        cases.append({"name": name, "expect": expect, "document": paths[0], "signature": paths[1]})

    cases.append(
        {
            "name": "the current statement",
            "expect": "verified",
            "document": "key-statement/statement.xml",
            "signature": "key-statement/statement.sig.xml",
        }
    )
    small = Announcement(XB, ms(MOMENT), announcement.keys[1:2])
    text = announcement_to_xml(small)
    case(
        "of another node",
        "N2N-AUTH-003",
        announcement_to_xml(Announcement(NodeCode("XC"), ms(MOMENT), small.keys)),
        "xb-sign",
    )
    late = Announcement(XB, ms(MOMENT) + 300_001, small.keys)
    case("from the future", "N2N-SIG-020", announcement_to_xml(late), "xb-sign")
    case("in another spelling", "N2N-SIG-020", text.replace(b"><Key", b">\n<Key"), "xb-sign")
    case("signed by the receipt key", "N2N-SIG-009", text, "xb-receipt")
    case("signed as a seal", "N2N-SIG-005", text, "xb-sign", "seal.xml")
    fields = {
        "node": announcement.node,
        "sequence": announcement.sequence,
        "keys": [
            {
                "id": key.id,
                "use": key.use,
                "suite": key.suite,
                "public": key.public.hex(),
                "not_before": to_xml(key.not_before),
                "not_after": to_xml(key.not_after),
            }
            for key in announcement.keys
        ],
    }
    listed = {"trust": "XB", "now": ms(MOMENT), "fields": fields, "cases": cases, "bad": _bad_statements(text.decode())}
    return {"key-statement.json": as_json(listed), **files}


def _announcement(scenery: Scenery) -> Announcement:
    decryption = [key.announce() for key in scenery.decryption.values()]
    raw = seed("checkpoint key")  # any 32 bytes will do: nobody verifies with it here
    begin = MOMENT - timedelta(days=1)
    checkpoint = AnnouncedKey(key_id(raw), KeyUse.CHECKPOINT, "Ed25519", raw, begin, begin + timedelta(days=365))
    return Announcement(XB, ms(MOMENT), (*decryption, checkpoint))


def _bad_statements(text: str) -> list[dict[str, str]]:
    key = text[text.index("<Key id") : text.index("</Key>") + 6]
    identifier = key[9:25]
    public = key[key.index(">") + 1 : -6]
    longer = base64.b64encode(base64.b64decode(public) + b"x").decode()
    bad = {
        "an XML declaration": f'<?xml version="1.0"?>{text}',
        "an unknown attribute": text.replace(' node="', ' lang="en" node="'),
        "another version": text.replace("n2n/v1", "n2n/v2"),
        "a sequence with a leading zero": text.replace('sequence="', 'sequence="0'),
        "no keys": text.replace(key, ""),
        "a key twice": text.replace(key, key + key),
        "an id that is not the key's": text.replace(identifier, "0" * 16),
        "a public key of 33 bytes": text.replace(public, longer),
        "Base64 in lines": text.replace(public, public[:20] + "\n" + public[20:]),
        "an unknown suite": text.replace("X25519-HKDF-SHA256-AES256GCM", "P256-HKDF-SHA256-AES256GCM"),
        "a decryption suite for checkpoints": text.replace('use="decrypt"', 'use="checkpoint"'),
        "an unknown use": text.replace('use="decrypt"', 'use="sign"'),
        "a window that ends before it begins": text.replace('notAfter="2027', 'notAfter="2025'),
        "a window of four years": text.replace('notAfter="2027', 'notAfter="2030'),
    }
    assert all(xml != text for xml in bad.values())
    return [{"name": name, "error": "N2N-SIG-020", "xml": xml} for name, xml in bad.items()]
