"""One good value of each message; tests spoil it in one place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from node.model.describe import CallLimits, Description, ServedKind
from node.model.document import Finding, MediaType
from node.model.envelope import (
    Attachment,
    Body,
    Chain,
    DeliverRequest,
    Envelope,
    Header,
    KeyWrap,
    Metadata,
    Place,
    Priority,
    Seal,
    StatusRequest,
)
from node.model.ids import Leaf, MessageId, NodeCode, sha256, uuid7
from node.model.receipt import (
    Answer,
    Coarse,
    CoarseReason,
    Deferred,
    DeferredCode,
    KeyStatement,
    NotHeld,
    Receipt,
    SignedReceipt,
    Verdict,
)
from node.wire import header_to_bytes

NOON = datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC)
XA, XB = NodeCode("XA"), NodeCode("XB")


def message_id(number: int, moment: datetime = NOON) -> MessageId:
    return MessageId(uuid7(moment, lambda count: number.to_bytes(count, "big")))


def header_number(number: int) -> Header:
    return Header(
        message_id=message_id(number),
        sender=XA,
        recipient=XB,
        kind="certificate_of_origin",
        kind_version=1,
        created_at=NOON,
        expires_at=NOON + timedelta(days=30),
        priority=Priority.B,
        conversation_id="6f1c3f0e-0000-4000-8000-000000000001",
    )


def envelope_number(number: int, seal_index: int = 0) -> Envelope:
    return Envelope(
        header=header_to_bytes(header_number(number)),
        body_digest=sha256(b"body %d" % number),
        seal_index=seal_index,
        place=Place(number % 64, (sha256(b"neighbour"),)),
        sealed_body=bytes(12) + b"ciphertext" + bytes(16),
    )


def seal_number(number: int) -> Seal:
    return Seal(b"<manifest%d/>" % number, b"<signature/>")


@pytest.fixture
def header() -> Header:
    return replace(header_number(1), refers_to=message_id(7))


@pytest.fixture
def metadata() -> Metadata:
    return Metadata(
        media_type=MediaType.XML,
        arrangement="xa-xb.origin-2026",
        ucr=("6GB123456789000-ABC",),
        chain=Chain("經濟部國際貿易署", "EL26A00001", sha256(b"before")),
        attachments=(
            Attachment("檢驗報告.pdf", "application/pdf", 70_000_000, sha256(b"p"), sha256(b"c"), bytes(range(32))),
        ),
    )


@pytest.fixture
def body() -> Body:
    return Body(salt=bytes(range(32)), metadata=b"metadata", document=b"<paper/>", signatures=(b"<one/>", b"<two/>"))


@pytest.fixture
def deliver_request() -> DeliverRequest:
    return DeliverRequest(
        seals=(seal_number(0), seal_number(1)),
        key=KeyWrap("X25519-HKDF-SHA256-AES256GCM", "0123456789abcdef", bytes(80)),
        envelopes=tuple(envelope_number(number, number % 2) for number in range(4)),
        known_checkpoint=b"n2n/v1/XB/XA\n0\n\n",
    )


@pytest.fixture
def status_request() -> StatusRequest:
    return StatusRequest((message_id(1), message_id(2)), close=True)


@pytest.fixture
def receipt() -> Receipt:
    return Receipt(
        message_id=message_id(1),
        verdict=Verdict.REFUSED,
        received_at=NOON,
        leaf=Leaf(sha256(b"leaf")),
        findings=(Finding("SCHEMA", "/Certificate/Exporter", "is missing"), Finding("RULE", "", "")),
    )


@pytest.fixture
def answers() -> tuple[Answer, ...]:
    place = Place(0, ())
    return (
        Answer(message_id(1), SignedReceipt(b"receipt 1", seal_number(0), place)),
        Answer(message_id(2), SignedReceipt(b"receipt 2", seal_number(1), Place(63, (sha256(b"n"),) * 6), repeat=True)),
        Answer(message_id(3), SignedReceipt(b"receipt 3", seal_number(0), place)),
        Answer(message_id(4), Deferred(DeferredCode.KEY, 60_000, KeyStatement(b"<keys/>", b"<signature/>"))),
        Answer(message_id(5), Deferred(DeferredCode.RACE)),
        Answer(message_id(6), NotHeld()),
        Answer("", Coarse(CoarseReason.MALFORMED)),
    )


@pytest.fixture
def description() -> Description:
    return Description(
        node=XB,
        versions=("n2n/v1",),
        kinds=(ServedKind("certificate_of_origin", 1, accepts=True, sends=False),),
        suites=("X25519-HKDF-SHA256-AES256GCM",),
        limits=CallLimits(4_194_304, 64, 1_048_576),
        server_time=NOON,
        calls=("Deliver", "Status", "Describe"),
    )
