"""Rules that are more than a bound: which values belong together, and what a writer may not let out."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from node.errors import Malformed, TooLarge, WireError
from node.model.checkpoint import ConsistencyProof
from node.model.describe import Description, ServedKind
from node.model.document import Finding
from node.model.envelope import DeliverRequest, Header, Metadata, Priority, StatusRequest
from node.model.ids import MessageId, uuid7
from node.model.receipt import Answer, Deferred, DeferredCode, DeliverResponse, KeyStatement, Receipt, Verdict
from node.protocol.n2n.v1 import answer_pb2, envelope_pb2, exchange_pb2
from node.wire import (
    bounded_findings,
    deliver_request_from_bytes,
    deliver_request_to_bytes,
    deliver_response_from_bytes,
    deliver_response_to_bytes,
    describe_request_from_bytes,
    description_from_bytes,
    description_to_bytes,
    header_from_bytes,
    header_to_bytes,
    limits,
    metadata_to_bytes,
    receipt_from_bytes,
    receipt_to_bytes,
    status_request_from_bytes,
    status_request_to_bytes,
)


def refused_at(error: pytest.ExceptionInfo[Malformed]) -> str:
    return error.value.fields["field"]


def test_the_time_inside_the_message_id_must_be_created_at(header: Header) -> None:
    later = header.created_at + timedelta(milliseconds=1)
    with pytest.raises(Malformed) as error:
        header_to_bytes(replace(header, message_id=MessageId(uuid7(later, bytes))))
    assert refused_at(error) == "Header.message_id"


def test_a_moment_finer_than_a_millisecond_is_not_written(header: Header) -> None:
    with pytest.raises(Malformed):
        header_to_bytes(replace(header, created_at=header.created_at + timedelta(microseconds=1)))


def test_a_moment_without_time_zone_is_not_written(header: Header) -> None:
    naive = header.created_at.replace(tzinfo=None)
    assert isinstance(naive, datetime)
    with pytest.raises(Malformed):
        header_to_bytes(replace(header, created_at=naive))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_id", "0192F3A0-0000-7000-8000-000000000000"),
        ("message_id", "6f1c3f0e-0000-4000-8000-000000000001"),
        ("sender", "xa"),
        ("sender", "XA\n"),
        ("recipient", "X\uff22"),
        ("kind", "Certificate"),
        ("kind", "kind-of"),
        ("kind", "證明"),
        ("conversation_id", ""),
        ("conversation_id", "6F1C3F0E-0000-4000-8000-000000000001"),
        ("conversation_id", "{6f1c3f0e-0000-4000-8000-00000000001}"),
        ("refers_to", "6f1c3f0e-0000-4000-8000-000000000001"),
    ],
)
def test_a_header_with_a_name_of_another_shape_is_refused(header: Header, field: str, value: str) -> None:
    with pytest.raises(Malformed) as error:
        header_to_bytes(replace(header, **{field: value}))
    assert refused_at(error) == f"Header.{field}"


@pytest.mark.parametrize("number", [0, 4, -1, 2**31 - 1])
def test_an_unlisted_priority_is_refused(header: Header, number: int) -> None:
    message = envelope_pb2.Header.FromString(header_to_bytes(header))
    for good in Priority:
        message.priority = good
        assert header_from_bytes(message.SerializeToString()).priority is good
    message.priority = number
    with pytest.raises(Malformed) as error:
        header_from_bytes(message.SerializeToString())
    assert refused_at(error) == "Header.priority"


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\u2066b", "a\u2028b", "a\x85b"])
def test_names_with_control_characters_are_refused(metadata: Metadata, text: str) -> None:
    assert metadata.chain is not None
    for spoilt in (
        replace(metadata, ucr=(text,)),
        replace(metadata, chain=replace(metadata.chain, issuer=text)),
        replace(metadata, chain=replace(metadata.chain, number=text)),
        replace(metadata, attachments=(replace(metadata.attachments[0], name=text),)),
        replace(metadata, attachments=(replace(metadata.attachments[0], media_type=text),)),
    ):
        with pytest.raises(Malformed):
            metadata_to_bytes(spoilt)


@pytest.mark.parametrize("text", ["a\u200cb", "a b", "全形　空白", "naïve", "😀"])
def test_names_in_any_script_pass(metadata: Metadata, text: str) -> None:
    assert metadata_to_bytes(replace(metadata, ucr=(text,)))


def test_a_lone_surrogate_is_not_written(metadata: Metadata) -> None:
    with pytest.raises(Malformed):
        metadata_to_bytes(replace(metadata, ucr=("\ud800",)))


@pytest.mark.parametrize("media_type", ["", "text/xml", "application/xml; charset=utf-8", "APPLICATION/XML"])
def test_an_unlisted_media_type_is_refused(metadata: Metadata, media_type: str) -> None:
    with pytest.raises(Malformed):
        metadata_to_bytes(replace(metadata, media_type=media_type))


def test_one_id_twice_in_a_call_is_refused(deliver_request: DeliverRequest) -> None:
    first, second, *others = deliver_request.envelopes
    twin = replace(second, header=first.header)
    with pytest.raises(Malformed) as error:
        deliver_request_to_bytes(replace(deliver_request, envelopes=(first, twin, *others)))
    assert refused_at(error) == "DeliverRequest.envelopes"


def test_one_id_twice_is_refused_even_when_the_headers_differ_or_break_rules(deliver_request: DeliverRequest) -> None:
    first, second, *others = deliver_request.envelopes
    other = envelope_pb2.Header(message_id=envelope_pb2.Header.FromString(first.header).message_id, kind="?")
    twin = replace(second, header=other.SerializeToString())
    with pytest.raises(Malformed):
        deliver_request_to_bytes(replace(deliver_request, envelopes=(first, twin, *others)))


def test_a_bad_header_does_not_refuse_the_call(deliver_request: DeliverRequest) -> None:
    first, second, *others = deliver_request.envelopes
    envelopes = (replace(first, header=b"\xff\xff"), replace(second, header=b"\xff\xff"), *others)
    request = replace(deliver_request, envelopes=envelopes)
    assert deliver_request_from_bytes(deliver_request_to_bytes(request)) == request


def test_an_unused_seal_is_refused(deliver_request: DeliverRequest) -> None:
    first_only = tuple(replace(envelope, seal_index=0) for envelope in deliver_request.envelopes)
    with pytest.raises(Malformed) as error:
        deliver_request_to_bytes(replace(deliver_request, envelopes=first_only))
    assert refused_at(error) == "DeliverRequest.seals"


def test_a_request_without_key_is_refused(deliver_request: DeliverRequest) -> None:
    message = exchange_pb2.DeliverRequest.FromString(deliver_request_to_bytes(deliver_request))
    message.ClearField("key")
    with pytest.raises(Malformed) as error:
        deliver_request_from_bytes(message.SerializeToString())
    assert refused_at(error) == "DeliverRequest.key"


def test_a_receipt_of_absence_carries_no_leaf_and_any_other_one_does(receipt: Receipt) -> None:
    receipt_to_bytes(replace(receipt, verdict=Verdict.ABSENT, leaf=None, findings=()))
    for spoilt in (
        replace(receipt, verdict=Verdict.ABSENT, findings=()),
        replace(receipt, leaf=None),
        replace(receipt, verdict=Verdict.ACCEPTED, leaf=None, findings=()),
    ):
        with pytest.raises(Malformed) as error:
            receipt_to_bytes(spoilt)
        assert refused_at(error) == "Receipt.leaf"


def test_an_acceptance_has_remarks_only_and_it_alone_may_know_the_paper(receipt: Receipt) -> None:
    for spoilt in (replace(receipt, verdict=Verdict.ACCEPTED), replace(receipt, already_known=True)):
        with pytest.raises(Malformed):
            receipt_to_bytes(spoilt)
    receipt_to_bytes(replace(receipt, verdict=Verdict.ACCEPTED, findings=(), already_known=True))
    remarks = (
        Finding("TOLERATED", "/Certificate", "stands late"),
        Finding("CODE_UNKNOWN", "", "is in no list"),
    )
    remarked = replace(receipt, verdict=Verdict.ACCEPTED, findings=remarks)
    assert receipt_from_bytes(receipt_to_bytes(remarked)).findings == remarks
    with pytest.raises(Malformed):
        receipt_to_bytes(replace(remarked, findings=(*remarks, Finding("RULE", "", "is broken"))))
    with pytest.raises(Malformed):
        receipt_to_bytes(replace(remarked, verdict=Verdict.ABSENT, leaf=None))


@pytest.mark.parametrize("field", ["code", "path", "rule"])
def test_a_longer_finding_is_refused_and_not_quietly_cut(receipt: Receipt, field: str) -> None:
    message = answer_pb2.Receipt.FromString(receipt_to_bytes(receipt))
    most = {"code": 64, "path": 256, "rule": 64}[field]
    setattr(message.findings[0], field, "x" * most)
    assert getattr(receipt_from_bytes(message.SerializeToString(deterministic=True)).findings[0], field) == "x" * most
    setattr(message.findings[0], field, "x" * (most + 1))
    with pytest.raises(Malformed) as error:
        receipt_from_bytes(message.SerializeToString(deterministic=True))
    assert refused_at(error) == f"Finding.{field}"


@pytest.mark.parametrize(("count", "passes"), [(50, True), (51, False)])
def test_fifty_findings_are_the_most(receipt: Receipt, count: int, passes: bool) -> None:
    message = answer_pb2.Receipt.FromString(receipt_to_bytes(replace(receipt, findings=())))
    message.findings.extend([answer_pb2.Finding(code="RULE")] * count)
    data = message.SerializeToString(deterministic=True)
    if passes:
        assert len(receipt_from_bytes(data).findings) == 50
    else:
        with pytest.raises(Malformed) as error:
            receipt_from_bytes(data)
        assert refused_at(error) == "Receipt.findings"


def test_a_finding_without_code_is_refused(receipt: Receipt) -> None:
    message = answer_pb2.Receipt.FromString(receipt_to_bytes(receipt))
    message.findings[0].code = ""
    with pytest.raises(Malformed) as error:
        receipt_from_bytes(message.SerializeToString(deterministic=True))
    assert refused_at(error) == "Finding.code"


def test_no_paper_can_make_its_own_refusal_unwritable(receipt: Receipt) -> None:
    worst = [Finding("X" * 100, "\u202e" + "\U00020000" * 300, "\x1b\n" + "規" * 100) for _ in range(80)]
    for findings in (worst, [*worst[:10], Finding("", "\ud800", "\ud800")]):
        written = receipt_from_bytes(receipt_to_bytes(replace(receipt, findings=tuple(findings))))
        assert written.findings == bounded_findings(findings)
        assert len(written.findings) >= 11
    assert written.findings[-1] == Finding("RULE", "?", "?")


def test_ordinary_findings_all_stay(receipt: Receipt) -> None:
    findings = [Finding("RULE", f"/Certificate/Goods[{number}]/Weight", "must not be negative") for number in range(50)]
    assert bounded_findings(findings) == tuple(findings)
    assert bounded_findings([Finding("", "", "")]) == (Finding("RULE", "", ""),)


def test_each_seal_of_a_response_is_sent_once(answers: tuple[Answer, ...]) -> None:
    message = exchange_pb2.DeliverResponse.FromString(deliver_response_to_bytes(DeliverResponse(answers)))
    assert [answer.receipt.seal_index for answer in message.answers if answer.HasField("receipt")] == [0, 1, 0]
    assert len(message.seals) == 2


def test_an_unused_or_missing_seal_of_a_response_is_refused(answers: tuple[Answer, ...]) -> None:
    message = exchange_pb2.DeliverResponse.FromString(deliver_response_to_bytes(DeliverResponse(answers)))
    message.seals.add(manifest=b"m", signature=b"s")
    with pytest.raises(Malformed):
        deliver_response_from_bytes(message.SerializeToString())
    del message.seals[1:]
    with pytest.raises(Malformed) as error:
        deliver_response_from_bytes(message.SerializeToString())
    assert refused_at(error) == "SignedReceipt.seal_index"


@pytest.mark.parametrize(
    "answer",
    [
        answer_pb2.Answer(),
        answer_pb2.Answer(coarse=answer_pb2.Coarse()),
        answer_pb2.Answer(deferred=answer_pb2.Deferred()),
        answer_pb2.Answer(message_id="6f1c3f0e-0000-4000-8000-000000000001", not_held=answer_pb2.NotHeld()),
    ],
    ids=["no outcome", "unspecified word", "unspecified code", "id of another version"],
)
def test_an_answer_that_says_nothing_is_refused(answer: answer_pb2.Answer) -> None:
    with pytest.raises(Malformed):
        deliver_response_from_bytes(exchange_pb2.DeliverResponse(answers=[answer]).SerializeToString())


@pytest.mark.parametrize(
    "log",
    [
        {"checkpoint": bytes(4097)},
        {"proof": exchange_pb2.ConsistencyProof()},
        {"checkpoint": b"c", "proof": exchange_pb2.ConsistencyProof(nodes=[bytes(32)] * 65)},
        {"checkpoint": b"c", "proof": exchange_pb2.ConsistencyProof(nodes=[bytes(31)])},
    ],
)
def test_checkpoint_and_proof_are_bounded(answers: tuple[Answer, ...], log: dict[str, object]) -> None:
    data = deliver_response_to_bytes(DeliverResponse(answers))
    good = exchange_pb2.DeliverResponse(checkpoint=b"c", proof=exchange_pb2.ConsistencyProof(nodes=[bytes(32)] * 64))
    log_at_its_most = DeliverResponse(answers, b"c", ConsistencyProof(0, (bytes(32),) * 64))
    assert deliver_response_from_bytes(data + good.SerializeToString()) == log_at_its_most
    with pytest.raises(WireError):
        deliver_response_from_bytes(data + exchange_pb2.DeliverResponse(**log).SerializeToString())


def test_a_description_crosses_unchanged(description: Description) -> None:
    assert description_from_bytes(description_to_bytes(description)) == description


def test_a_description_is_bounded(description: Description) -> None:
    kind = description.kinds[0]
    most = replace(description, kinds=(kind,) * 1024, versions=("v",) * 64, suites=("s",) * 64, calls=("c",) * 64)
    assert description_from_bytes(description_to_bytes(most)) == most
    for spoilt in (
        replace(description, kinds=(kind,) * 1025),
        replace(description, calls=("c",) * 65),
        replace(description, versions=("\x1b",)),
        replace(description, node="xb"),
        replace(description, kinds=(ServedKind("kind", 0, accepts=True, sends=True),)),
    ):
        with pytest.raises(WireError):
            description_to_bytes(spoilt)


def test_the_right_time_in_an_id_of_another_spelling_or_version_is_not_enough(header: Header) -> None:
    right = header.message_id
    for other in (right.upper(), f"{right[:14]}4{right[15:]}", f"{{{right}}}", right.replace("-", "")):
        assert other != right
        with pytest.raises(Malformed) as error:
            header_to_bytes(replace(header, message_id=MessageId(other)))
        assert refused_at(error) == "Header.message_id"


def test_ids_of_another_version_are_neither_asked_nor_receipted(
    status_request: StatusRequest, receipt: Receipt
) -> None:
    other = MessageId("6f1c3f0e-0000-4000-8000-000000000001")
    with pytest.raises(Malformed) as error:
        status_request_to_bytes(replace(status_request, message_ids=(other,)))
    assert refused_at(error) == "StatusRequest.message_ids"
    with pytest.raises(Malformed) as error:
        receipt_to_bytes(replace(receipt, message_id=other))
    assert refused_at(error) == "Receipt.message_id"


def test_seventeen_attachments_are_refused(metadata: Metadata) -> None:
    one = metadata.attachments[0]
    assert metadata_to_bytes(replace(metadata, attachments=(one,) * 16))
    with pytest.raises(Malformed) as error:
        metadata_to_bytes(replace(metadata, attachments=(one,) * 17))
    assert refused_at(error) == "Metadata.attachments"


def test_an_index_beyond_the_seals_is_refused_even_when_the_count_of_used_ones_is_right(
    deliver_request: DeliverRequest,
) -> None:
    beyond = tuple(replace(each, seal_index=number % 2 + 1) for number, each in enumerate(deliver_request.envelopes))
    with pytest.raises(Malformed) as error:
        deliver_request_to_bytes(replace(deliver_request, envelopes=beyond))
    assert refused_at(error) == "Envelope.seal_index"


def test_a_request_without_any_seal_is_refused_for_that(deliver_request: DeliverRequest) -> None:
    with pytest.raises(Malformed) as error:
        deliver_request_to_bytes(replace(deliver_request, seals=()))
    assert refused_at(error) == "DeliverRequest.seals"


def test_the_signature_of_a_key_statement_is_bounded() -> None:
    for signature, passes in ((bytes(65536), True), (bytes(65537), False), (b"", False)):
        answer = Answer("", Deferred(DeferredCode.KEY, 0, KeyStatement(b"<keys/>", signature)))
        if passes:
            assert deliver_response_to_bytes(DeliverResponse((answer,)))
        else:
            with pytest.raises(WireError):
                deliver_response_to_bytes(DeliverResponse((answer,)))


def test_a_description_names_its_limits_and_its_kinds_rightly(description: Description) -> None:
    message = exchange_pb2.DescribeResponse.FromString(description_to_bytes(description))
    message.kinds[0].kind = "Kind"
    with pytest.raises(Malformed) as error:
        description_from_bytes(message.SerializeToString())
    assert refused_at(error) == "ServedKind.kind"
    message.kinds[0].kind = "kind"
    message.ClearField("limits")
    with pytest.raises(Malformed) as error:
        description_from_bytes(message.SerializeToString())
    assert refused_at(error) == "DescribeResponse.limits"


@pytest.mark.parametrize("size", [4 * 1024 * 1024, 4 * 1024 * 1024 + 1])
@pytest.mark.parametrize("read", [status_request_from_bytes, deliver_response_from_bytes, description_from_bytes])
def test_whatever_is_longer_than_four_mebibytes_is_not_even_parsed(read: Callable[[bytes], object], size: int) -> None:
    length = size - 5
    varint = bytes([length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14 & 0x7F | 0x80, length >> 21])
    with pytest.raises(Malformed if size == 4 * 1024 * 1024 else TooLarge):
        read(b"\x7a" + varint + bytes(length))


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (status_request_from_bytes, limits.MAX_CALL_FIELDS),
        (deliver_response_from_bytes, limits.MAX_CALL_FIELDS),
        (describe_request_from_bytes, limits.MAX_CALL_FIELDS),
        (description_from_bytes, 1024 + 4 * 64),
    ],
)
def test_a_flood_of_fields_is_counted_before_it_is_parsed(read: Callable[[bytes], object], most: int) -> None:
    with suppress(Malformed):
        read(b"\x78\x01" * most)
    with pytest.raises(TooLarge) as error:
        read(b"\x78\x01" * (most + 1))
    assert error.value.fields["limit"] == f"{most} fields"


def test_counting_fields_does_not_parse_what_lies_in_them() -> None:
    flood = b"\x12\x00" * 2_000_000
    began = time.process_time()
    with pytest.raises(TooLarge):
        deliver_response_from_bytes(flood)
    assert time.process_time() - began < 0.1


def test_a_call_cut_inside_a_field_or_with_groups_is_malformed() -> None:
    for data in (b"\x0a\x05ab", b"\x0d\x01", b"\x09\x01", b"\x0b\x0c", b"\x80" * 11, b"\x0a\xff\xff\xff\xff\xff\x7f"):
        with pytest.raises(Malformed):
            deliver_request_from_bytes(data)
