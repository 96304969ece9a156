"""What is hashed or signed has one form: every other spelling of the same values is refused."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.errors import Malformed, NodeError, NotCanonical, TooLarge
from node.model.envelope import Body, Header, Metadata
from node.model.receipt import Receipt
from node.wire import (
    body_from_bytes,
    body_to_bytes,
    deliver_request_from_bytes,
    deliver_response_from_bytes,
    describe_request_from_bytes,
    description_from_bytes,
    error_from_status,
    header_from_bytes,
    header_to_bytes,
    metadata_from_bytes,
    metadata_to_bytes,
    receipt_from_bytes,
    receipt_to_bytes,
    status_request_from_bytes,
)

READERS: list[Callable[[bytes], object]] = [
    header_from_bytes,
    metadata_from_bytes,
    body_from_bytes,
    receipt_from_bytes,
    deliver_request_from_bytes,
    deliver_response_from_bytes,
    status_request_from_bytes,
    description_from_bytes,
    describe_request_from_bytes,
    error_from_status,
]


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def fields_of(data: bytes) -> list[bytes]:
    """The top-level fields of canonical bytes whose tags are one byte long."""
    fields, at = [], 0
    while at < len(data):
        start, at = at, at + 1
        if data[start] & 7 == 0:
            while data[at] >= 0x80:
                at += 1
            at += 1
        else:
            length, shift = 0, 0
            while True:
                length |= (data[at] & 0x7F) << shift
                shift, at = shift + 7, at + 1
                if data[at - 1] < 0x80:
                    break
            at += length
        fields.append(data[start:at])
    return fields


def test_every_single_byte_edit_of_a_header_is_refused_or_reads_as_itself(header: Header) -> None:
    data = header_to_bytes(header)
    refused = accepted = 0
    for at in range(len(data)):
        for value in range(256):
            edited = data[:at] + bytes([value]) + data[at + 1 :]
            try:
                read = header_from_bytes(edited)
            except NodeError:
                refused += 1
                continue
            accepted += 1
            assert header_to_bytes(read) == edited
            assert (read == header) == (edited == data)
    assert refused
    assert accepted > len(data)


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_shortened_header_is_refused(header: Header, cut: int) -> None:
    with pytest.raises(Malformed):
        header_from_bytes(header_to_bytes(header)[:-cut])


def test_every_repeated_field_of_a_header_is_refused(header: Header) -> None:
    data = header_to_bytes(header)
    for repeated in fields_of(data):
        with pytest.raises(NotCanonical):
            header_from_bytes(data + repeated)


def test_every_exchange_of_neighbouring_fields_is_refused(header: Header) -> None:
    fields = fields_of(header_to_bytes(header))
    assert len(fields) == 10
    for at in range(len(fields) - 1):
        disordered = [*fields[:at], fields[at + 1], fields[at], *fields[at + 2 :]]
        with pytest.raises(NotCanonical):
            header_from_bytes(b"".join(disordered))


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(b"\x58\x01", id="unknown-varint"),
        pytest.param(field(12, b"x"), id="unknown-bytes"),
        pytest.param(b"\x5d1234", id="unknown-fixed32"),
        pytest.param(b"\x5b\x5c", id="unknown-group"),
        pytest.param(b"\xf8\xff\xff\xff\x0f\x01", id="largest-field-number"),
    ],
)
def test_an_unknown_field_is_refused(header: Header, extra: bytes) -> None:
    with pytest.raises(NotCanonical):
        header_from_bytes(header_to_bytes(header) + extra)


def test_an_explicit_default_is_refused(receipt: Receipt) -> None:
    fields = fields_of(receipt_to_bytes(receipt))
    with pytest.raises(NotCanonical):
        receipt_from_bytes(b"".join([*fields[:-1], b"\x28\x00", fields[-1]]))


def test_an_overlong_varint_is_refused(header: Header) -> None:
    data = header_to_bytes(header)
    fields = fields_of(data)
    overlong = [bytes([each[0], each[1] | 0x80, 0x00]) if each[0] == 5 << 3 else each for each in fields]
    assert b"".join(overlong) != data
    with pytest.raises(NotCanonical):
        header_from_bytes(b"".join(overlong))


def test_an_overlong_length_is_refused(header: Header) -> None:
    data = header_to_bytes(header)
    with pytest.raises(NotCanonical):
        header_from_bytes(data[:1] + bytes([data[1] | 0x80, 0]) + data[2:])


def test_a_number_that_only_fits_after_cutting_is_refused(header: Header) -> None:
    fields = fields_of(header_to_bytes(header))
    wide = b"\x28\x81\x80\x80\x80\x10"  # 2^32 + 1 in a uint32 reads as 1
    with pytest.raises(NotCanonical):
        header_from_bytes(b"".join(wide if each[0] == 0x28 else each for each in fields))


def test_a_mistyped_field_is_refused(header: Header) -> None:
    fields = fields_of(header_to_bytes(header))
    mistyped = [field(5, b"\x01") if each[0] == 0x28 else each for each in fields]
    with pytest.raises(NotCanonical):
        header_from_bytes(b"".join(mistyped))


def test_text_that_is_not_utf8_is_refused(header: Header) -> None:
    data = header_to_bytes(header)
    with pytest.raises(Malformed):
        header_from_bytes(data.replace(b"certificate", b"certific\xff\xfee"))


def test_metadata_body_and_receipt_refuse_an_unknown_field_too(
    metadata: Metadata, body: Body, receipt: Receipt
) -> None:
    unknown = b"\xf8\x7f\x01"
    for data, read in [
        (metadata_to_bytes(metadata), metadata_from_bytes),
        (body_to_bytes(body), body_from_bytes),
        (receipt_to_bytes(receipt), receipt_from_bytes),
    ]:
        read(data)
        with pytest.raises(NotCanonical):
            read(data + unknown)


def test_an_unknown_field_inside_a_nested_message_is_refused(metadata: Metadata) -> None:
    fields = fields_of(metadata_to_bytes(metadata))
    chain = next(each for each in fields if each[0] == 3 << 3 | 2)
    longer = bytes([chain[0], chain[1] + 3]) + chain[2:] + b"\xf8\x7f\x01"
    with pytest.raises(NotCanonical):
        metadata_from_bytes(b"".join(longer if each is chain else each for each in fields))


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=400))
def test_random_bytes_only_raise_our_errors(read: Callable[[bytes], object], data: bytes) -> None:
    with suppress(Malformed, NotCanonical, TooLarge):
        read(data)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_spoilt_calls_only_raise_our_errors(data: st.DataObject) -> None:
    good = b"\x0a\x04\x0a\x00\x12\x00\x12\x00\x1a\x02\x0a\x00"
    edits = data.draw(st.lists(st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255)), max_size=4))
    spoilt = bytearray(good)
    for at, value in edits:
        spoilt[at] = value
    for read in (deliver_request_from_bytes, deliver_response_from_bytes, status_request_from_bytes):
        with pytest.raises(NodeError):
            read(bytes(spoilt) + b"\x1a\x00")
