"""Whatever the model can say within the rules crosses the wire unchanged."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from node.model.checkpoint import ConsistencyProof
from node.model.collect import CollectRequest, CollectResponse
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
from node.model.ids import Digest, Leaf, MessageId, NodeCode, uuid7
from node.model.receipt import (
    Answer,
    Coarse,
    CoarseReason,
    Deferred,
    DeferredCode,
    DeliverResponse,
    KeyStatement,
    NotHeld,
    Receipt,
    SignedReceipt,
    Verdict,
)
from node.protocol.n2n.v1 import exchange_pb2
from node.wire import (
    body_from_bytes,
    body_to_bytes,
    collect_request_from_bytes,
    collect_request_to_bytes,
    collect_response_from_bytes,
    collect_response_to_bytes,
    confirm_response_from_bytes,
    confirm_response_to_bytes,
    deliver_request_from_bytes,
    deliver_request_to_bytes,
    deliver_response_from_bytes,
    deliver_response_to_bytes,
    header_from_bytes,
    header_to_bytes,
    metadata_from_bytes,
    metadata_to_bytes,
    receipt_from_bytes,
    receipt_to_bytes,
    status_request_from_bytes,
    status_request_to_bytes,
)
from node.wire.checks import CONTROLS

quick = settings(max_examples=60, deadline=None)

digests = st.binary(min_size=32, max_size=32).map(Digest)
moments = st.datetimes(datetime(1970, 1, 2), datetime(9999, 11, 30), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
codes = st.from_regex(r"[A-Z]{2}[A-Z0-9]{0,14}", fullmatch=True).map(NodeCode)
kinds = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)


def plain(least: int, most: int) -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=["Cs"]).filter(lambda letter: CONTROLS.search(letter) is None)
    return st.text(letters, min_size=least, max_size=most)


def ids(moment: datetime) -> st.SearchStrategy[MessageId]:
    return st.binary(min_size=10, max_size=10).map(lambda random: MessageId(uuid7(moment, lambda _: random)))


any_ids = moments.flatmap(ids)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    created_at = draw(moments)
    return Header(
        message_id=draw(ids(created_at)),
        sender=draw(codes),
        recipient=draw(codes),
        kind=draw(kinds),
        kind_version=draw(st.integers(1, 65535)),
        created_at=created_at,
        expires_at=created_at + timedelta(milliseconds=draw(st.integers(1, 30 * 86_400_000))),
        priority=draw(st.sampled_from(Priority)),
        conversation_id=str(draw(st.uuids())),
        refers_to=draw(st.just("") | any_ids),
    )


names = plain(1, 128)
file_names = names.filter(lambda name: "/" not in name and "\\" not in name and name not in {".", ".."})
attachments = st.builds(
    Attachment,
    file_names,
    names,
    st.integers(0, 2**64 - 1),
    digests,
    digests,
    st.binary(min_size=32, max_size=32),
)
metadata_values = st.builds(
    Metadata,
    st.sampled_from(MediaType),
    st.from_regex(r"[a-z0-9][a-z0-9.-]{0,63}", fullmatch=True),
    st.lists(plain(1, 35), max_size=16).map(tuple),
    st.none() | st.builds(Chain, names, names, st.none() | digests),
    st.lists(attachments, max_size=3).map(tuple),
)
bodies = st.builds(
    Body,
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=1, max_size=200),
    st.binary(min_size=1, max_size=2000),
    st.lists(st.binary(min_size=1, max_size=200), max_size=4).map(tuple),
)
places = st.builds(Place, st.integers(0, 63), st.lists(digests.map(bytes), max_size=6).map(tuple))
seals = st.builds(Seal, st.binary(min_size=1, max_size=100), st.binary(min_size=1, max_size=100))
visible = st.from_regex(r"[!-~]{1,64}", fullmatch=True)
wraps = st.builds(KeyWrap, visible, visible, st.binary(min_size=1, max_size=2048))


@st.composite
def deliver_requests(draw: st.DrawFn) -> DeliverRequest:
    listed = draw(st.lists(headers(), min_size=1, max_size=4, unique_by=lambda header: header.message_id))
    count = draw(st.integers(1, len(listed)))
    envelopes = [
        Envelope(
            header_to_bytes(header),
            draw(digests),
            number if number < count else draw(st.integers(0, count - 1)),
            draw(places),
            draw(st.binary(min_size=29, max_size=200)),
        )
        for number, header in enumerate(listed)
    ]
    return DeliverRequest(
        tuple(draw(seals) for _ in range(count)), draw(wraps), tuple(envelopes), draw(st.binary(max_size=100))
    )


findings = st.builds(Finding, plain(1, 64), plain(0, 256), plain(0, 64))


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    verdict = draw(st.sampled_from(Verdict))
    return Receipt(
        message_id=draw(any_ids),
        verdict=verdict,
        received_at=draw(moments),
        leaf=None if verdict is Verdict.ABSENT else Leaf(draw(digests)),
        findings=tuple(draw(st.lists(findings, max_size=5))) if verdict is Verdict.REFUSED else (),
        already_known=verdict is Verdict.ACCEPTED and draw(st.booleans()),
    )


statements = st.builds(KeyStatement, st.binary(min_size=1, max_size=100), st.binary(min_size=1, max_size=100))
waits = st.integers(0, 30 * 86_400_000)
outcomes = (
    st.builds(SignedReceipt, st.binary(min_size=1, max_size=300), seals, places, st.booleans())
    | st.builds(Deferred, st.sampled_from(DeferredCode), waits)
    | st.builds(Deferred, st.just(DeferredCode.KEY), waits, statements)
    | st.just(NotHeld())
    | st.builds(Coarse, st.sampled_from(CoarseReason))
)
answers = st.lists(st.builds(Answer, st.just("") | any_ids, outcomes), min_size=1, max_size=8).map(tuple)
proofs = st.builds(ConsistencyProof, st.integers(0, 2**64 - 1), st.lists(digests, max_size=64).map(tuple))
responses = st.builds(DeliverResponse, answers) | st.builds(
    DeliverResponse, answers, st.binary(min_size=1, max_size=4096), st.none() | proofs
)


@quick
@given(headers())
def test_a_header_crosses_unchanged(header: Header) -> None:
    assert header_from_bytes(header_to_bytes(header)) == header


@quick
@given(metadata_values)
def test_metadata_cross_unchanged(metadata: Metadata) -> None:
    assert metadata_from_bytes(metadata_to_bytes(metadata)) == metadata


@quick
@given(bodies)
def test_a_body_crosses_unchanged(body: Body) -> None:
    assert body_from_bytes(body_to_bytes(body)) == body


@quick
@given(deliver_requests())
def test_a_request_crosses_unchanged(request: DeliverRequest) -> None:
    assert deliver_request_from_bytes(deliver_request_to_bytes(request)) == request


@quick
@given(deliver_requests())
def test_a_request_that_is_joined_from_parts_is_what_protobuf_writes_whole(request: DeliverRequest) -> None:
    data = deliver_request_to_bytes(request)
    assert exchange_pb2.DeliverRequest.FromString(data).SerializeToString(deterministic=True) == data


@quick
@given(st.lists(any_ids, min_size=1, max_size=64, unique=True).map(tuple), st.booleans())
def test_a_question_crosses_unchanged(message_ids: tuple[MessageId, ...], close: bool) -> None:
    request = StatusRequest(message_ids, close)
    assert status_request_from_bytes(status_request_to_bytes(request)) == request


@quick
@given(receipts())
def test_a_receipt_crosses_unchanged(receipt: Receipt) -> None:
    assert receipt_from_bytes(receipt_to_bytes(receipt)) == receipt


@quick
@given(responses)
def test_a_response_crosses_unchanged(response: DeliverResponse) -> None:
    assert deliver_response_from_bytes(deliver_response_to_bytes(response)) == response


@quick
@given(
    st.integers(1, 64), st.integers(0, 30_000), st.binary(max_size=100), st.none() | deliver_requests(), st.booleans()
)
def test_what_is_collected_crosses_unchanged(most: int, wait: int, known: bytes, papers, asks: bool) -> None:
    request = CollectRequest(most, wait, known)
    assert collect_request_from_bytes(collect_request_to_bytes(request)) == request
    about = StatusRequest(("019aab2c-0000-7000-8000-000000000001",), close=True) if asks else None
    response = CollectResponse(papers, about, wait)
    assert collect_response_from_bytes(collect_response_to_bytes(response)) == response
    assert confirm_response_from_bytes(confirm_response_to_bytes(most)) == most
