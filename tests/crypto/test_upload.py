"""Large content opens whole and in its order, or not at all."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.crypto import upload
from node.crypto.upload import SEGMENT_BYTES, TAG_BYTES, ciphertext_size, decrypt, encrypt
from node.errors import UploadUnopenable

KEY = bytes(range(32))
SEALED = SEGMENT_BYTES + TAG_BYTES
SIZES = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES]


def content(size: int) -> bytes:
    return hashlib.shake_256(b"content").digest(size)


def closed(data: bytes) -> bytes:
    return b"".join(encrypt(io.BytesIO(data).read, KEY))


def opened(data: bytes, key: bytes = KEY) -> bytes:
    return b"".join(decrypt(io.BytesIO(data).read, key))


@pytest.mark.parametrize("size", SIZES)
def test_content_of_every_length_comes_back(size: int) -> None:
    data = content(size)
    assert opened(closed(data)) == data
    assert len(closed(data)) == ciphertext_size(size)


@pytest.mark.parametrize("size", SIZES)
def test_whoever_gives_a_few_bytes_at_a_time_gives_the_same(size: int) -> None:
    source = io.BytesIO(closed(content(size)))
    assert b"".join(decrypt(lambda most: source.read(min(most, 10_007)), KEY)) == content(size)


def test_the_ciphertext_is_what_the_protocol_says() -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    data, cipher = content(SEGMENT_BYTES + 5), AESGCM(KEY)
    first = cipher.encrypt(bytes(12), data[:SEGMENT_BYTES], None)
    last = cipher.encrypt(bytes(10) + b"\x01\x01", data[SEGMENT_BYTES:], None)
    assert closed(data) == first + last


def swapped(data: bytes) -> bytes:
    return data[SEALED : 2 * SEALED] + data[:SEALED] + data[2 * SEALED :]


DEFECTS = {
    "cut inside a segment": lambda data: data[:-1],
    "cut at the end of a segment": lambda data: data[: 2 * SEALED],
    "cut to nothing": lambda data: b"",
    "segments swapped": swapped,
    "a segment left out": lambda data: data[SEALED:],
    "a segment twice": lambda data: data[:SEALED] + data,
    "made longer by a byte": lambda data: data + b"\x00",
    "made longer by its own last segment": lambda data: data + data[2 * SEALED :],
    "an empty last segment behind": lambda data: data + closed(b""),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_content_that_was_tampered_with_does_not_open(defect: str) -> None:
    with pytest.raises(UploadUnopenable):
        opened(DEFECTS[defect](closed(content(2 * SEGMENT_BYTES + 9))))


def test_an_empty_last_segment_behind_a_full_one_is_no_second_form_of_the_content() -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(KEY)
    other = cipher.encrypt(bytes(12), content(SEGMENT_BYTES), None) + cipher.encrypt(bytes(10) + b"\x01\x01", b"", None)
    with pytest.raises(UploadUnopenable):
        opened(other)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(UploadUnopenable):
        opened(closed(b"secret"), bytes(32))


@given(st.data())
def test_no_byte_can_be_changed(data: st.DataObject) -> None:
    sealed = bytearray(closed(content(SEGMENT_BYTES + 100)))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UploadUnopenable):
        opened(bytes(sealed))


def test_a_segment_is_all_that_is_held_in_memory() -> None:
    asked: list[int] = []

    def read(most: int) -> bytes:
        asked.append(most)
        return bytes(most) if len(asked) <= 50 else b""

    assert sum(map(len, upload.encrypt(read, KEY))) == ciphertext_size(50 * SEGMENT_BYTES)
    assert max(asked) == SEGMENT_BYTES
