"""Large content on its way: pieces of ciphertext, and how much of it is there (protocol 1, Upload)."""

from dataclasses import dataclass

from node.model.ids import Digest


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of ciphertext: SHA-256 and size (bytes) of the whole, offset (bytes) of this piece.

    One without data asks how much is held, and is alone in its call.
    """

    upload_sha256: Digest
    offset: int
    size: int
    data: bytes


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """Bytes held from the start without a gap; complete once all are there and the digest matched."""

    held: int
    complete: bool
