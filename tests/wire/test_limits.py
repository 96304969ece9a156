"""Every limit holds at its last allowed value and refuses the next one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from node.errors import Malformed, TooLarge, WireError
from node.model.envelope import (
    Body,
    DeliverRequest,
    Envelope,
    Header,
    Metadata,
    Place,
    Seal,
    StatusRequest,
)
from node.model.ids import Digest, MessageId, sha256, uuid7
from node.model.receipt import (
    Answer,
    Coarse,
    CoarseReason,
    Deferred,
    DeferredCode,
    DeliverResponse,
    KeyStatement,
    Receipt,
    SignedReceipt,
)
from node.wire import (
    body_to_bytes,
    deliver_request_from_bytes,
    deliver_request_to_bytes,
    deliver_response_to_bytes,
    header_from_bytes,
    header_to_bytes,
    limits,
    metadata_to_bytes,
    receipt_to_bytes,
    status_request_to_bytes,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


@pytest.fixture
def good(
    header: Header,
    metadata: Metadata,
    body: Body,
    deliver_request: DeliverRequest,
    status_request: StatusRequest,
    receipt: Receipt,
    answers: tuple[Answer, ...],
) -> SimpleNamespace:
    return SimpleNamespace(
        header=header,
        metadata=metadata,
        body=body,
        request=deliver_request,
        question=status_request,
        receipt=receipt,
        answers=answers,
    )


def ids(count: int) -> tuple[MessageId, ...]:
    return tuple(MessageId(uuid7(EPOCH + number * MS, bytes)) for number in range(1, count + 1))


def _header(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: header_to_bytes(replace(good.header, **changes))


def _header_made_at(good: SimpleNamespace, ms: int) -> bytes:
    created_at = EPOCH + ms * MS
    message_id = MessageId(uuid7(created_at, bytes))
    return header_to_bytes(
        replace(good.header, created_at=created_at, message_id=message_id, expires_at=created_at + MS)
    )


def _metadata(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: metadata_to_bytes(replace(good.metadata, **changes))


def _chain(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: metadata_to_bytes(replace(good.metadata, chain=replace(good.metadata.chain, **changes)))


def _attachment(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: metadata_to_bytes(
        replace(good.metadata, attachments=(replace(good.metadata.attachments[0], **changes),))
    )


def _body(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: body_to_bytes(replace(good.body, **changes))


def _key(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: deliver_request_to_bytes(replace(good.request, key=replace(good.request.key, **changes)))


def _envelope(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    def act(good: SimpleNamespace) -> bytes:
        first, *others = good.request.envelopes
        return deliver_request_to_bytes(replace(good.request, envelopes=(replace(first, **changes), *others)))

    return act


def _seal(seal: Seal) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: deliver_request_to_bytes(replace(good.request, seals=(seal, *good.request.seals[1:])))


def _request(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: deliver_request_to_bytes(replace(good.request, **changes))


def _question(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: status_request_to_bytes(replace(good.question, **changes))


def _receipt(**changes: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: receipt_to_bytes(replace(good.receipt, **changes))


def _answer(outcome: object) -> Callable[[SimpleNamespace], bytes]:
    return lambda good: deliver_response_to_bytes(DeliverResponse((Answer("", outcome),)))


def _papers(envelopes: int, seals: int) -> Callable[[SimpleNamespace], bytes]:
    def act(good: SimpleNamespace) -> bytes:
        listed = [
            Envelope(
                header_to_bytes(
                    replace(good.header, message_id=MessageId(uuid7(good.header.created_at, _number(number))))
                ),
                sha256(b""),
                min(number, seals - 1),
                Place(0, ()),
                bytes(29),
            )
            for number in range(envelopes)
        ]
        return deliver_request_to_bytes(
            DeliverRequest(tuple(Seal(b"%d" % n, b"s") for n in range(seals)), good.request.key, tuple(listed))
        )

    return act


def _number(number: int) -> Callable[[int], bytes]:
    return lambda count: number.to_bytes(count, "big")


SEAL = Seal(b"m", b"s")
NODE = bytes(32)
TABLE: list[tuple[str, Callable[[SimpleNamespace], bytes], Callable[[SimpleNamespace], bytes]]] = [
    ("header kind 64", _header(kind="k" * 64), _header(kind="k" * 65)),
    ("header kind 1", _header(kind="k"), _header(kind="")),
    ("header kind version top", _header(kind_version=65535), _header(kind_version=65536)),
    ("header kind version bottom", _header(kind_version=1), _header(kind_version=0)),
    ("header sender", _header(sender="XA" + "9" * 14), _header(sender="XA" + "9" * 15)),
    ("header recipient", _header(recipient="XB"), _header(recipient="X")),
    (
        "header life",
        lambda good: header_to_bytes(replace(good.header, expires_at=good.header.created_at + timedelta(days=30))),
        lambda good: header_to_bytes(replace(good.header, expires_at=good.header.created_at + timedelta(days=30) + MS)),
    ),
    (
        "header expires after it was created",
        lambda good: header_to_bytes(replace(good.header, expires_at=good.header.created_at + MS)),
        lambda good: header_to_bytes(replace(good.header, expires_at=good.header.created_at)),
    ),
    ("header earliest", lambda good: _header_made_at(good, 1), lambda good: _header_made_at(good, 0)),
    ("header refers to nothing", _header(refers_to=""), _header(refers_to="0")),
    ("metadata ucr count", _metadata(ucr=("u",) * 16), _metadata(ucr=("u",) * 17)),
    ("metadata ucr longest", _metadata(ucr=("u" * 35,)), _metadata(ucr=("u" * 36,))),
    ("metadata ucr shortest", _metadata(ucr=("u",)), _metadata(ucr=("",))),
    ("metadata arrangement longest", _metadata(arrangement="a" * 64), _metadata(arrangement="a" * 65)),
    ("metadata arrangement shortest", _metadata(arrangement="a"), _metadata(arrangement="")),
    ("chain issuer longest", _chain(issuer="署" * 128), _chain(issuer="署" * 129)),
    ("chain issuer shortest", _chain(issuer="署"), _chain(issuer="")),
    ("chain number longest", _chain(number="9" * 128), _chain(number="9" * 129)),
    ("chain predecessor", _chain(predecessor=Digest(bytes(32))), _chain(predecessor=Digest(bytes(33)))),
    ("attachment name longest", _attachment(name="n" * 128), _attachment(name="n" * 129)),
    ("attachment name plain", _attachment(name="..n"), _attachment(name="../n")),
    ("attachment size", _attachment(size=2**64 - 1), _attachment(size=2**64)),
    ("attachment digest", _attachment(sha256=Digest(bytes(32))), _attachment(sha256=Digest(bytes(31)))),
    ("attachment upload", _attachment(upload_sha256=Digest(bytes(32))), _attachment(upload_sha256=Digest(bytes(31)))),
    ("attachment key", _attachment(key=bytes(32)), _attachment(key=bytes(33))),
    ("body salt", _body(salt=bytes(32)), _body(salt=bytes(31))),
    ("body document largest", _body(document=bytes(1024**2)), _body(document=bytes(1024**2 + 1))),
    ("body document smallest", _body(document=b"1"), _body(document=b"")),
    ("body metadata largest", _body(metadata=bytes(32 * 1024)), _body(metadata=bytes(32 * 1024 + 1))),
    ("body signatures", _body(signatures=(b"s",) * 4), _body(signatures=(b"s",) * 5)),
    ("body signature largest", _body(signatures=(bytes(64 * 1024),)), _body(signatures=(bytes(64 * 1024 + 1),))),
    ("body signature smallest", _body(signatures=(b"s",)), _body(signatures=(b"",))),
    ("seal manifest largest", _seal(Seal(bytes(4096), b"s")), _seal(Seal(bytes(4097), b"s"))),
    ("seal manifest smallest", _seal(Seal(b"m", b"s")), _seal(Seal(b"", b"s"))),
    ("seal signature largest", _seal(Seal(b"m", bytes(65536))), _seal(Seal(b"m", bytes(65537)))),
    ("seal signature smallest", _seal(Seal(b"m", b"s")), _seal(Seal(b"m", b""))),
    ("key suite longest", _key(suite="s" * 64), _key(suite="s" * 65)),
    ("key suite shortest", _key(suite="s"), _key(suite="")),
    ("key suite visible", _key(suite="~"), _key(suite=" ")),
    ("key id longest", _key(recipient_key_id="k" * 64), _key(recipient_key_id="k" * 65)),
    ("key id shortest", _key(recipient_key_id="k"), _key(recipient_key_id="")),
    ("key wrapped largest", _key(wrapped=bytes(2048)), _key(wrapped=bytes(2049))),
    ("key wrapped smallest", _key(wrapped=b"w"), _key(wrapped=b"")),
    ("envelope header largest", _envelope(header=bytes(1024)), _envelope(header=bytes(1025))),
    ("envelope header smallest", _envelope(header=b"h"), _envelope(header=b"")),
    ("envelope body digest", _envelope(body_digest=bytes(32)), _envelope(body_digest=bytes(31))),
    ("envelope seal index", _envelope(seal_index=1), _envelope(seal_index=2)),
    ("envelope leaf index", _envelope(place=Place(63, ())), _envelope(place=Place(64, ()))),
    ("envelope path length", _envelope(place=Place(0, (NODE,) * 6)), _envelope(place=Place(0, (NODE,) * 7))),
    ("envelope path node", _envelope(place=Place(0, (NODE,))), _envelope(place=Place(0, (NODE[:-1],)))),
    ("envelope body smallest", _envelope(sealed_body=bytes(29)), _envelope(sealed_body=bytes(28))),
    (
        "envelope body largest",
        _envelope(sealed_body=bytes(limits.MAX_SEALED_BODY_BYTES)),
        _envelope(sealed_body=bytes(limits.MAX_SEALED_BODY_BYTES + 1)),
    ),
    ("request envelopes most", _papers(64, 1), _papers(65, 1)),
    ("request envelopes least", _papers(1, 1), _papers(0, 1)),
    ("request seals most", _papers(64, 64), _papers(64, 65)),
    ("request seals all used", _papers(2, 2), _papers(2, 3)),
    ("request checkpoint", _request(known_checkpoint=bytes(4096)), _request(known_checkpoint=bytes(4097))),
    ("question ids most", _question(message_ids=ids(64)), _question(message_ids=ids(65))),
    ("question ids least", _question(message_ids=ids(1)), _question(message_ids=())),
    ("question ids distinct", _question(message_ids=ids(2)), _question(message_ids=ids(1) * 2)),
    ("question checkpoint", _question(known_checkpoint=bytes(4096)), _question(known_checkpoint=bytes(4097))),
    ("receipt leaf", _receipt(leaf=bytes(32)), _receipt(leaf=bytes(31))),
    (
        "answer receipt largest",
        _answer(SignedReceipt(bytes(32768), SEAL, Place(0, ()))),
        _answer(SignedReceipt(bytes(32769), SEAL, Place(0, ()))),
    ),
    (
        "answer receipt smallest",
        _answer(SignedReceipt(b"r", SEAL, Place(0, ()))),
        _answer(SignedReceipt(b"", SEAL, Place(0, ()))),
    ),
    (
        "answer leaf index",
        _answer(SignedReceipt(b"r", SEAL, Place(63, ()))),
        _answer(SignedReceipt(b"r", SEAL, Place(64, ()))),
    ),
    (
        "answer path",
        _answer(SignedReceipt(b"r", SEAL, Place(0, (NODE,) * 6))),
        _answer(SignedReceipt(b"r", SEAL, Place(0, (NODE,) * 7))),
    ),
    (
        "answer wait longest",
        _answer(Deferred(DeferredCode.RACE, 30 * 86_400_000)),
        _answer(Deferred(DeferredCode.RACE, 30 * 86_400_000 + 1)),
    ),
    ("answer wait shortest", _answer(Deferred(DeferredCode.RACE, 0)), _answer(Deferred(DeferredCode.RACE, -1))),
    (
        "answer statement largest",
        _answer(Deferred(DeferredCode.KEY, 0, KeyStatement(bytes(65536), b"s"))),
        _answer(Deferred(DeferredCode.KEY, 0, KeyStatement(bytes(65537), b"s"))),
    ),
    (
        "answer statement only with its code",
        _answer(Deferred(DeferredCode.KEY, 0, KeyStatement(b"d", b"s"))),
        _answer(Deferred(DeferredCode.BODY, 0, KeyStatement(b"d", b"s"))),
    ),
    (
        "answers most",
        lambda good: deliver_response_to_bytes(
            DeliverResponse(tuple([Answer("", Coarse(CoarseReason.MALFORMED))] * 64))
        ),
        lambda good: deliver_response_to_bytes(
            DeliverResponse(tuple([Answer("", Coarse(CoarseReason.MALFORMED))] * 65))
        ),
    ),
    (
        "answers least",
        lambda good: deliver_response_to_bytes(DeliverResponse((Answer("", Coarse(CoarseReason.MALFORMED)),))),
        lambda good: deliver_response_to_bytes(DeliverResponse(())),
    ),
    (
        "answer id",
        lambda good: deliver_response_to_bytes(DeliverResponse((Answer("", Coarse(CoarseReason.MALFORMED)),))),
        lambda good: deliver_response_to_bytes(DeliverResponse((Answer("x", Coarse(CoarseReason.MALFORMED)),))),
    ),
]


@pytest.mark.parametrize(("at", "beyond"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_last_allowed_value_passes_and_the_next_is_refused(
    good: SimpleNamespace,
    at: Callable[[SimpleNamespace], bytes],
    beyond: Callable[[SimpleNamespace], bytes],
) -> None:
    at(good)
    with pytest.raises(WireError):
        beyond(good)


def padded_request(deliver_request: DeliverRequest, size: int) -> bytes:
    """A good request with an unknown field behind it, which a later version may send, exactly `size` bytes long."""
    data = deliver_request_to_bytes(deliver_request)
    rest = size - len(data)
    for length in range(rest - 8, rest):
        field = b"\x7a" + _varint(length) + bytes(length)
        if len(field) == rest:
            return data + field
    raise AssertionError(size)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


@pytest.mark.parametrize(("size", "passes"), [(-1, True), (0, True), (1, False)])
def test_a_request_of_four_mebibytes_is_the_largest(deliver_request: DeliverRequest, size: int, passes: bool) -> None:
    data = padded_request(deliver_request, limits.MAX_REQUEST_BYTES + size)
    assert len(data) == 4 * 1024 * 1024 + size
    if passes:
        assert deliver_request_from_bytes(data) == deliver_request
    else:
        with pytest.raises(TooLarge):
            deliver_request_from_bytes(data)


@pytest.mark.parametrize(("fields", "passes"), [(160, True), (161, False)])
def test_fields_of_a_call_are_counted_before_parsing(
    deliver_request: DeliverRequest, fields: int, passes: bool
) -> None:
    data = deliver_request_to_bytes(deliver_request)
    known = len(deliver_request.seals) + len(deliver_request.envelopes) + 2
    data += b"\x78\x01" * (fields - known)
    if passes:
        assert deliver_request_from_bytes(data) == deliver_request
    else:
        with pytest.raises(TooLarge):
            deliver_request_from_bytes(data)


def test_a_header_past_the_year_9999_is_refused(header: Header) -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
    with pytest.raises(Malformed):
        header_to_bytes(replace(header, created_at=last - MS, expires_at=last))  # the id is of another moment
    made = replace(header, message_id=MessageId(uuid7(last - MS, bytes)), created_at=last - MS, expires_at=last)
    data = header_to_bytes(made)
    beyond = data.replace(_varint(limits.MAX_MOMENT_MS), _varint(limits.MAX_MOMENT_MS + 1))
    assert beyond != data
    with pytest.raises(Malformed):
        header_from_bytes(beyond)
