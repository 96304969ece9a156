"""Large content as ciphertext: AES-256-GCM in segments, in bounded memory either way (protocol 1, Upload).

A segment is 65,536 bytes of content, the last one may be shorter, and its tag of 16 bytes. The nonce of a segment is
its number as an 11-byte big-endian counter from 0, then 0x01 for the last segment and 0x00 for every other: so content
that is cut off, put in another order or made longer does not open. A key serves one content.
"""

from collections.abc import Callable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from node.errors import Unexpected, UploadUnopenable

KEY_BYTES: Final = 32
SEGMENT_BYTES: Final = 65_536
TAG_BYTES: Final = 16
_SEALED_BYTES: Final = SEGMENT_BYTES + TAG_BYTES
_COUNTER_BYTES: Final = 11

Read = Callable[[int], bytes]
"""Reads at most so many bytes, fewer when it likes, none at the end: the `read` of a file."""


def ciphertext_size(size: int) -> int:
    """Bytes of ciphertext for `size` bytes of content."""
    return size + TAG_BYTES * max(1, -(-size // SEGMENT_BYTES))


def encrypt(read: Read, key: bytes) -> Iterator[bytes]:
    """The ciphertext of what `read` gives, a segment at a time; `key` must be fresh."""
    cipher = _cipher(key)
    for number, segment, last in _segments(read, SEGMENT_BYTES):
        yield cipher.encrypt(_nonce(number, last), segment, None)


def decrypt(read: Read, key: bytes) -> Iterator[bytes]:
    """The content, a segment at a time; each is authentic, all of them are only once the iterator has ended.

    Raises UploadUnopenable where the ciphertext is not what was encrypted with this key.
    """
    cipher = _cipher(key)
    for number, segment, last in _segments(read, _SEALED_BYTES):
        # Content has one ciphertext: an empty segment stands alone or not at all.
        if len(segment) < TAG_BYTES or (number and len(segment) == TAG_BYTES):
            raise UploadUnopenable
        try:
            content = cipher.decrypt(_nonce(number, last), segment, None)
        except InvalidTag as error:
            raise UploadUnopenable from error
        yield content


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise Unexpected(detail="a key of an upload that is not 32 bytes")
    return AESGCM(key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(_COUNTER_BYTES, "big") + (b"\x01" if last else b"\x00")


def _segments(read: Read, length: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and whether it is the last; nothing at all is one empty segment."""
    number, segment = 0, _filled(read, length)
    while True:
        following = _filled(read, length) if len(segment) == length else b""
        yield number, segment, not following
        if not following:
            return
        number, segment = number + 1, following


def _filled(read: Read, length: int) -> bytes:
    data = read(length)
    while 0 < len(data) < length and (more := read(length - len(data))):
        data += more
    return data
