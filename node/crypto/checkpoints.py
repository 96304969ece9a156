"""Checkpoints: the head of a log as a C2SP signed note, signed and verified with Ed25519 (protocol 3, Witnessing).

    n2n/v1/XB/XA                                                 origin: who keeps the log, and for whom
    11                                                           how many receipts it holds
    MLzysRe6sHlJKYsjR/cYjp+ulHS92GItLnQm5t+0MWE=                 Base64 of its Merkle root

    — n2n/v1/XB/XA tTCTmNRT…                                     Base64 of key hash || signature

Every line ends with a line feed. Signed are the bytes up to and with that of the root. The name of the key is the
origin; its hash is the first four bytes of SHA-256(name || 0x0A || 0x01 || raw public key).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from node.crypto.checkpoint_key import CheckpointKey
from node.crypto.decryption import AnnouncedKey, KeyUse
from node.errors import CheckpointRefused
from node.merkle import HASH_BYTES
from node.model.checkpoint import MAX_LOG_SIZE, Checkpoint
from node.model.ids import NodeCode

MAX_NOTE_BYTES = 4 * 1024
"""A note of one signature is under 300 bytes (envelope.proto)."""

MAX_NOTE_SIGNATURES = 8
"""Ours, that of a key that is being replaced, and a few witnesses' (C2SP lets notes be cosigned)."""

ACTS = "acts"
"""In place of a partner's code: the chain of a node's own acts. No node code has small letters."""

KEY_HASH_BYTES = 4
_ED25519 = b"\x01"
_SPACE, _LINE_FEED = 0x20, 0x0A
_SIGNATURE_LINE = re.compile("\u2014 ([^ +\\s]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Note:
    """A note taken apart; nothing in it is proved."""

    origin: str
    size: int
    root: bytes
    signed: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]
    """Key name, key hash, signature."""


def origin_of(signer: NodeCode, partner: str) -> str:
    """The first line of a checkpoint: which log it is about."""
    return f"n2n/v1/{signer}/{partner}"


def key_hash(name: str, public: bytes) -> bytes:
    """Which key a signature line says it was made with (C2SP signed-note, Ed25519)."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + _ED25519 + public).digest()[:KEY_HASH_BYTES]


def sign_checkpoint(signer: NodeCode, partner: str, size: int, root: bytes, key: CheckpointKey) -> bytes:
    """The signed note for a log of `signer` that holds `size` receipts under `root`; the same each time."""
    origin = origin_of(signer, partner)
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\n"
    signature = key_hash(origin, key.public) + key.private_key.sign(text.encode("ascii"))
    return f"{text}\n\u2014 {origin} {base64.b64encode(signature).decode('ascii')}\n".encode()


def verify_checkpoint(
    note: bytes, signer: NodeCode, partner: str, keys: Collection[AnnouncedKey], now: datetime | None
) -> Checkpoint:
    """The checkpoint that `note` is, signed by one of `signer`'s checkpoint keys usable at `now` (None: ever).

    Lines of keys that are not known are passed over; one of a known key that does not hold spoils the note. Raises
    CheckpointRefused.
    """
    read = _read(note, signer)
    if read.origin != origin_of(signer, partner):
        raise CheckpointRefused(partner=signer, detail="it is about another log")
    usable = [key for key in keys if key.use is KeyUse.CHECKPOINT and (now is None or key.usable(now))]
    known = {key_hash(read.origin, key.public): key for key in usable}
    proved = 0
    for name, hint, signature in read.signatures:
        if name == read.origin and hint in known:
            _require_signed(read.signed, signature, known[hint], signer)
            proved += 1
    if not proved:
        raise CheckpointRefused(partner=signer, detail="no key announced for checkpoints signed it")
    return Checkpoint(signer, NodeCode(partner), read.size, read.root, note)


def claimed_checkpoint(note: bytes, signer: NodeCode, partner: str) -> Checkpoint:
    """What `note` says about that log, its signature not verified; raises CheckpointRefused when it says nothing."""
    read = _read(note, signer)
    if read.origin != origin_of(signer, partner):
        raise CheckpointRefused(partner=signer, detail="it is about another log")
    return Checkpoint(signer, NodeCode(partner), read.size, read.root, note)


def _read(note: bytes, signer: NodeCode) -> _Note:
    try:
        return _taken_apart(note)
    except (ValueError, binascii.Error) as error:
        raise CheckpointRefused(partner=signer, detail="it is not a signed note of the agreed form") from error


def _taken_apart(note: bytes) -> _Note:
    """Three lines, an empty one, and signature lines; raises ValueError for anything else."""
    if len(note) > MAX_NOTE_BYTES:
        raise ValueError("too long")
    if any(byte < _SPACE and byte != _LINE_FEED for byte in note):
        raise ValueError("a control character")
    origin, size, root, empty, *signatures, end = note.decode("utf-8").split("\n")
    if empty or end or not 1 <= len(signatures) <= MAX_NOTE_SIGNATURES:
        raise ValueError("other lines")
    if _SIZE.fullmatch(size) is None or int(size) > MAX_LOG_SIZE:
        raise ValueError("not a size in its one spelling")
    signed = f"{origin}\n{size}\n{root}\n".encode()
    return _Note(origin, int(size), _base64(root, HASH_BYTES), signed, tuple(_signatures(signatures)))


def _signatures(lines: list[str]) -> Iterator[tuple[str, bytes, bytes]]:
    for line in lines:
        said = _SIGNATURE_LINE.fullmatch(line)
        if said is None:
            raise ValueError("not a signature line")
        value = base64.b64decode(said[2], validate=True)
        if base64.b64encode(value).decode("ascii") != said[2] or len(value) <= KEY_HASH_BYTES:
            raise ValueError("not a signature")
        yield said[1], value[:KEY_HASH_BYTES], value[KEY_HASH_BYTES:]


def _base64(text: str, length: int) -> bytes:
    """Bytes of that length in their one spelling."""
    value = base64.b64decode(text, validate=True)
    if len(value) != length or base64.b64encode(value).decode("ascii") != text:
        raise ValueError("not Base64 of that length")
    return value


def _require_signed(signed: bytes, signature: bytes, key: AnnouncedKey, signer: NodeCode) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
    except (InvalidSignature, ValueError) as error:
        raise CheckpointRefused(partner=signer, detail="its signature does not hold") from error
