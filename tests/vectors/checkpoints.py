"""Checkpoints as C2SP signed notes, put together here byte by byte; only Ed25519 itself is the library's."""

import base64
import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from scenery import as_json, seed
from trees import LOG_SIZE, root

ORIGIN = "n2n/v1/XB/XA"
DASH = "\u2014"


def checkpoints() -> Mapping[str, bytes]:
    """The one file."""
    key, stranger = (Ed25519PrivateKey.from_private_bytes(seed(f"checkpoint signer {who}")) for who in "12")
    leaves = [seed(f"leaf {number} of a log") for number in range(LOG_SIZE)]
    heads = [(size, root(leaves[:size]) if size else hashlib.sha256(b"").digest()) for size in (0, 1, 7, LOG_SIZE)]
    good = [
        {"size": size, "root": head.hex(), "note": _64(note(text(size, head), (ORIGIN, key)))} for size, head in heads
    ]
    size, head = heads[-1]
    cosigned = note(text(size, head), ("witness.example/w1", stranger), (ORIGIN, key))
    return {
        "checkpoint.json": as_json(
            {
                "signer": "XB",
                "partner": "XA",
                "private": seed("checkpoint signer 1").hex(),
                "public": key.public_key().public_bytes_raw().hex(),
                "key_hash": key_hash(ORIGIN, key).hex(),
                "good": [*good, {"size": size, "root": head.hex(), "note": _64(cosigned)}],
                "refused": [
                    {"name": name, "note": _64(spoilt)} for name, spoilt in _refused(size, head, key, stranger).items()
                ],
            }
        )
    }


def _64(octets: bytes) -> str:
    """Notes are text, and a third of them not quite: Base64 is shorter than hex."""
    return base64.b64encode(octets).decode()


def text(size: object, head: bytes, origin: str = ORIGIN) -> str:
    """What is signed."""
    return f"{origin}\n{size}\n{base64.b64encode(head).decode()}\n"


def note(signed: str, *signers: tuple[str, Ed25519PrivateKey]) -> bytes:
    """C2SP signed-note: the text, an empty line, and a line for each signature."""
    lines = (f"{DASH} {name} {signature(signed, name, key)}\n" for name, key in signers)
    return f"{signed}\n{''.join(lines)}".encode()


def signature(signed: str, name: str, key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key_hash(name, key) + key.sign(signed.encode())).decode()


def key_hash(name: str, key: Ed25519PrivateKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + key.public_key().public_bytes_raw()).digest()[:4]


def _refused(size: int, head: bytes, key: Ed25519PrivateKey, stranger: Ed25519PrivateKey) -> dict[str, bytes]:
    whole = note(text(size, head), (ORIGIN, key))
    signed, lines = whole.split(b"\n\n")
    other = b"\n\n" + note(text(size + 1, head), (ORIGIN, key)).split(b"\n\n")[1]
    under_our_hash = base64.b64encode(key_hash(ORIGIN, key) + stranger.sign(text(size, head).encode())).decode()

    def resigned(changed: str) -> bytes:
        return note(changed, (ORIGIN, key))

    return {
        "the signature of another text": signed + other,
        "a signature by another key under this key's hash": (
            f"{text(size, head)}\n{DASH} {ORIGIN} {under_our_hash}\n".encode()
        ),
        "a good signature beside one of the same key that does not hold": (
            whole + f"{DASH} {ORIGIN} {under_our_hash}\n".encode()
        ),
        "only a key that nobody announced": note(text(size, head), (ORIGIN, stranger)),
        "another key name": note(text(size, head), ("n2n/v1/XB", key)),
        "the log for another partner": note(text(size, head, "n2n/v1/XB/XC"), ("n2n/v1/XB/XC", key)),
        "the log of another node": note(text(size, head, "n2n/v1/XA/XB"), ("n2n/v1/XA/XB", key)),
        "no signature": signed + b"\n\n",
        "nothing": b"",
        "no empty line": signed + b"\n" + lines,
        "no line feed at the end": whole[:-1],
        "a line feed too many at the end": whole + b"\n",
        "carriage returns": whole.replace(b"\n", b"\r\n"),
        "a hyphen instead of the dash": whole.replace(DASH.encode(), b"-"),
        "two spaces": whole.replace(f"{DASH} ".encode(), f"{DASH}  ".encode()),
        "a line more, signed": resigned(text(size, head) + "extension\n"),
        "a size with a leading zero": resigned(text(f"0{size}", head)),
        "a size with a sign": resigned(text(f"+{size}", head)),
        "a negative size": resigned(text(-1, head)),
        "a size in other digits": resigned(text("\u0661\u0661", head)),
        "a size of 2^63": resigned(text(2**63, head)),
        "a size of a hundred digits": resigned(text("9" * 100, head)),
        "no size": resigned(text("", head)),
        "a root of 31 bytes": resigned(text(size, head[:31])),
        "a root of 33 bytes": resigned(text(size, head + b"\x00")),
        "a root in another spelling": resigned(text(size, head).replace("=\n", "\n")),
        "a signature cut short": whole[:-10] + b"==\n",
        "not UTF-8": whole.replace(b"XB", b"X\xff"),
        "nine signatures": note(
            text(size, head), *[(f"witness.example/w{which}", stranger) for which in range(8)], (ORIGIN, key)
        ),
    }
