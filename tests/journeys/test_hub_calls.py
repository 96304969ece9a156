"""A hub that calls: hands papers in, watches, acknowledges, answers – over real sockets, through restarts."""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # refused handshakes are part of these tests

sys.path.append(str(Path(__file__).parent))

import grpc
import hub_lab
import pytest
from hub_lab import XA, XB, Client, HubLab, papers, refusal, until

from node.model.exchange import Direction, State
from node.protocol.n2n.v1 import exchange_pb2, exchange_pb2_grpc, hub_pb2
from node.sandbox import dev_pki
from node.store import jobs, queries
from node.store.database import Database
from node.store.tables import JOB


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubLab]:
    folder = tmp_path_factory.mktemp("hubs")
    pki = dev_pki.draw(folder / "pki", [XA, XB], datetime.now(UTC))
    with hub_lab.two_nodes(folder, pki) as made:
        yield made


@pytest.fixture(scope="module")
def fresh() -> Iterator[object]:
    """Numbers that no other paper of this module has."""
    count = iter(range(1, 1_000_000, 1000))
    return lambda how_many: papers(how_many, next(count))


@pytest.fixture
def agency(lab: HubLab) -> Client:
    return lab.agency(lab.xa)


@pytest.fixture
def theirs(lab: HubLab) -> Client:
    return lab.agency(lab.xb)


@pytest.fixture
def key(request: pytest.FixtureRequest) -> object:
    return lambda number: f"{request.node.name[:90]}/{number}"


def taken(outcomes: list[hub_pb2.SubmitOutcome]) -> list[str]:
    assert [one.WhichOneof("outcome") for one in outcomes] == ["taken"] * len(outcomes)
    return [one.taken.exchange for one in outcomes]


def clear(client: Client) -> str:
    """Acknowledge until nothing waits any more; the cursor behind the last of it."""
    cursor, found = "", True
    while found:
        found = False
        stream = client.stub.WatchInbound(hub_pb2.WatchInboundRequest(), timeout=1.5)
        with pytest.raises(grpc.RpcError) as ended:  # noqa: PT012 - a feed goes on until its deadline
            for message in stream:
                client.acknowledge(*(one.exchange for one in message.papers))
                cursor, found = message.cursor, True
        assert ended.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    return cursor


# --- Submit -----------------------------------------------------------------------------------------------------------


def test_a_batch_handed_in_twice_under_the_same_keys_is_the_same_exchanges(agency, fresh, key) -> None:
    batch = [(key(n), content) for n, content in enumerate(fresh(5))]
    first, again = agency.submit(*batch), agency.submit(*batch)
    assert taken(first) == taken(again)
    assert [one.taken.before for one in first + again] == [False] * 5 + [True] * 5
    assert [one.idempotency_key for one in first] == [key(n) for n in range(5)]


def test_the_same_key_with_other_bytes_is_a_conflict_and_the_first_is_untouched(agency, fresh, key) -> None:
    one, other = fresh(2)
    (exchange,) = taken(agency.submit((key(0), one)))
    (outcome,) = agency.submit((key(0), other))
    assert (outcome.refusal.code, outcome.refusal.retry) == ("N2N-SEQ-001", False)
    assert {text.language for text in outcome.refusal.texts} == {"en", "zh-TW"}
    assert "鍵值" in next(text.message for text in outcome.refusal.texts if text.language == "zh-TW")
    assert agency.view(exchange).document_sha256 == hub_lab.digest(one)


def test_one_bad_paper_does_not_touch_its_neighbours(agency, fresh, key) -> None:
    good, other = fresh(2)
    broken = good.replace(b"<ExportCountry>XA</ExportCountry>", b"")
    outcomes = agency.submit((key(0), good), (key(1), broken), (key(2), b"x" * (1 << 20 | 1)), (key(3), other))
    assert [one.WhichOneof("outcome") for one in outcomes] == ["taken", "refusal", "refusal", "taken"]
    assert outcomes[1].refusal.code == "N2N-DOC-002"
    refusal = outcomes[1].refusal
    assert [(one.code, one.path, one.rule) for one in refusal.findings] == [
        ("SCHEMA", "/CertificateOfOrigin", "lacks ExportCountry"),
    ]
    assert len(refusal.reasons) == len(refusal.findings)
    for reason in refusal.reasons:
        assert (reason.severity, reason.whose) in {("error", "standard"), ("error", "kind")}
        assert [one.language for one in reason.texts] == ["en", "zh-TW"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in reason.texts[1].text)
    assert outcomes[2].refusal.code == "N2N-WIRE-003"


def test_a_partner_nobody_knows_and_a_control_kind_are_refused_paper_by_paper(agency, fresh, key) -> None:
    (content,) = fresh(1)
    (unknown,) = agency.submit((key(0), content), partner="ZZ")
    (control,) = agency.submit((key(1), content), kind="business_answer")
    (other,) = agency.submit((key(2), content), kind="aeo_status")
    assert [one.refusal.code for one in (unknown, control, other)] == ["N2N-PROF-002", "N2N-DOC-003", "N2N-DOC-002"]


def test_sixty_four_papers_fit_and_one_more_refuses_the_call(agency, fresh, key) -> None:
    batch = [(key(n), content) for n, content in enumerate(fresh(65))]
    assert len(taken(agency.submit(*batch[:64]))) == 64
    with pytest.raises(grpc.RpcError) as refused:
        agency.submit(*batch)
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-WIRE-001")


# --- WatchInbound and AcknowledgeInbound ------------------------------------------------------------------------------


def test_a_paper_waits_for_the_hub_until_it_is_acknowledged(lab, agency, theirs, fresh, key) -> None:
    cursor = clear(theirs)
    (content,) = fresh(1)
    (sent,) = taken(agency.submit((key(0), content)))
    (paper,), behind = theirs.take(1, cursor)
    assert (paper.document, paper.partner, paper.kind) == (content, XA, hub_lab.KIND)
    assert {one.name for one in paper.fields} >= {"exporter"}
    assert paper.message_id == agency.view(sent).message_id
    assert theirs.view(paper.exchange).state == "RECEIVED"
    again, _ = theirs.take(1)
    assert [one.exchange for one in again] == [paper.exchange]
    assert list(theirs.acknowledge(paper.exchange).acknowledged) == [paper.exchange]
    assert list(theirs.acknowledge(paper.exchange).acknowledged) == [paper.exchange]
    view = theirs.view(paper.exchange)
    assert view.state == "HANDED_OVER"
    assert [entry.fact for entry in view.timeline].count("handed-over") == 1
    assert clear(theirs) == ""
    assert behind


def test_acknowledging_what_is_not_ours_to_acknowledge_is_told(agency, theirs, fresh, key) -> None:
    (content,) = fresh(1)
    (sent,) = taken(agency.submit((key(0), content)))
    stranger = "019aa9b0-0000-7000-8000-000000000001"
    said = agency.acknowledge(sent, stranger)
    assert (list(said.acknowledged), list(said.unknown)) == ([], [sent, stranger])


def test_a_watch_goes_on_from_its_cursor_with_nothing_lost_and_nothing_skipped(lab, agency, theirs, fresh, key) -> None:
    cursor = clear(theirs)
    contents = fresh(150)
    for start in range(0, 150, 50):
        taken(agency.submit(*((key(n), contents[n]) for n in range(start, start + 50))))
    seen: list[bytes] = []
    while len(seen) < 150:
        with theirs.inbound(cursor) as stream:  # a new connection for every message: it hung up after each
            message = next(stream)
        seen += [one.document for one in message.papers]
        cursor = message.cursor
    assert sorted(seen) == sorted(contents)
    clear(theirs)


def test_a_watch_goes_on_after_the_node_was_restarted(lab, agency, theirs, fresh, key) -> None:
    cursor = clear(theirs)
    first, second = fresh(1)[0], fresh(1)[0]
    taken(agency.submit((key(0), first)))
    (paper,), cursor = theirs.take(1, cursor)
    assert paper.document == first
    with theirs.inbound(cursor) as stream:
        lab.xb.stop()
        assert list(stream) == []  # the node says good-bye by ending its feeds
    (sent,) = taken(agency.submit((key(1), second)))
    lab.xb.start()
    theirs = lab.agency(lab.xb)
    (paper,), _ = theirs.take(1, cursor)
    assert paper.document == second
    both, _ = theirs.take(2)
    assert [one.document for one in both] == [first, second]
    assert agency.view(sent).state in ("DELIVERED", "UNRESOLVED")
    clear(theirs)


def test_no_job_is_made_for_a_hub_that_watches_and_the_worker_rests(lab, agency, theirs, fresh, key) -> None:
    (sent,) = taken(agency.submit((key(0), fresh(1)[0])))
    until(lambda: agency.view(sent).state == "DELIVERED")
    for node in (lab.xa.wired.node, lab.xb.wired.node):
        assert node.store.read(jobs.next_due) is None
    verbs = lab.xb.wired.node.store.read(lambda tx: {row.verb for row in tx.execute(JOB.select())})
    assert "hand_over" not in verbs


# --- Answer and WatchStatus -------------------------------------------------------------------------------------------


def test_an_answer_travels_and_both_hubs_see_both_sides_answered(agency, theirs, fresh, key) -> None:
    cursor = clear(theirs)
    (sent,) = taken(agency.submit((key(0), fresh(1)[0])))
    (paper,), _ = theirs.take(1, cursor)
    theirs.acknowledge(paper.exchange)
    said = theirs.answer(paper.exchange, "REJECTED", reason_code="R07", reason="原產地標準不符", reference="B-2")
    again = theirs.answer(paper.exchange, "REJECTED", reason_code="R07", reason="原產地標準不符", reference="B-2")
    assert (said.taken.before, again.taken.before) == (False, True)
    assert said.taken.exchange == again.taken.exchange
    changes = agency.follow(lambda change: (change.exchange, change.state) == (sent, "ANSWERED"))
    mine = [change for change in changes if change.exchange == sent]
    assert [change.state for change in mine] == ["SEALED", "DELIVERED", "ANSWERED"]
    assert {change.idempotency_key for change in mine} == {key(0)}
    decision = mine[-1].decision
    assert (decision.verdict, decision.reason) == (hub_pb2.DECISION_VERDICT_REJECTED, "原產地標準不符")
    view = agency.view(sent)
    assert (view.state, view.decision, view.idempotency_key) == ("ANSWERED", decision, key(0))
    assert view.receipt.verdict == 1
    until(lambda: theirs.view(paper.exchange).state == "ANSWERED")
    assert theirs.view(paper.exchange).answer_exchange == said.taken.exchange
    other = theirs.answer(paper.exchange, "ACCEPTED")
    assert other.refusal.code == "N2N-ANS-002"


def test_what_cannot_be_answered_is_refused_with_its_reason(agency, fresh, key) -> None:
    (sent,) = taken(agency.submit((key(0), fresh(1)[0])))
    assert agency.answer(sent).refusal.code == "N2N-ANS-001"
    assert agency.answer("019aa9b0-0000-7000-8000-000000000001").refusal.code == "N2N-SEQ-008"
    assert agency.answer(sent, reason="x" * 1001).refusal.code in ("N2N-ANS-001", "N2N-ANS-003")


def test_a_status_watch_tells_every_move_once_in_order_whatever_is_cut(agency, fresh, key) -> None:
    with agency.moves(from_now=True) as stream:
        opening = next(stream)
    assert not opening.changes
    ids = taken(agency.submit(*((key(n), content) for n, content in enumerate(fresh(40)))))
    cursor, seen = opening.cursor, []
    until(lambda: all(agency.view(one).state == "DELIVERED" for one in ids))
    while len(seen) < 80:
        with agency.moves(cursor) as stream:
            message = next(stream)
        # The module's other papers may still be moving.
        seen += [(change.exchange, change.state) for change in message.changes if change.exchange in ids]
        cursor = message.cursor
    assert sorted(seen) == sorted((one, state) for one in ids for state in ("SEALED", "DELIVERED"))
    assert all(seen.index((one, "SEALED")) < seen.index((one, "DELIVERED")) for one in ids)


def test_an_exchange_is_found_by_the_key_it_was_handed_in_under(agency, fresh, key) -> None:
    (sent,) = taken(agency.submit((key(0), fresh(1)[0])))
    found = agency.stub.GetExchange(hub_pb2.GetExchangeRequest(idempotency_key=key(0)), timeout=5)
    assert (found.exchange, found.direction) == (sent, "out")
    with pytest.raises(grpc.RpcError) as refused:
        agency.stub.GetExchange(hub_pb2.GetExchangeRequest(idempotency_key="never"), timeout=5)
    assert refusal(refused.value) == (grpc.StatusCode.NOT_FOUND, "N2N-SEQ-008")


def test_a_feed_hears_of_what_another_process_committed(lab, agency, fresh, key) -> None:
    with agency.moves(from_now=True) as stream:
        next(stream)
        store = Database.open(lab.xa.wired.settings.store_url)
        wanted = queries.ExchangeFilter(direction=Direction.OUT, states=frozenset({State.DELIVERED}), limit=1)
        (old,) = store.read(lambda tx: queries.list_exchanges(tx, wanted))
        store.write(lambda tx: tx.exec_driver_sql(f"UPDATE exchange SET state = 'ANSWERED' WHERE id = '{old.id}'"))
        store.close()
        began = time.monotonic()
        for message in stream:
            if (old.id, "ANSWERED") in [(change.exchange, change.state) for change in message.changes]:
                break
        assert time.monotonic() - began < 5


# --- who may call -----------------------------------------------------------------------------------------------------


def refused_call(client: Client) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as refused:
        client.view("019aa9b0-0000-7000-8000-000000000001")
    return refusal(refused.value)


def test_a_certificate_of_the_domestic_root_that_is_not_enrolled_gets_nothing(lab: HubLab) -> None:
    client = lab.client(lab.xa, *lab.minted("stranger"))
    assert refused_call(client) == (grpc.StatusCode.UNAUTHENTICATED, "N2N-AUTH-001")
    with pytest.raises(grpc.RpcError) as refused, client.inbound() as stream:
        next(stream)
    assert refusal(refused.value) == (grpc.StatusCode.UNAUTHENTICATED, "N2N-AUTH-001")


def test_a_partners_certificate_does_not_even_connect_to_the_hub_listener(lab: HubLab) -> None:
    keys = lab.pki.keys(XB)
    client = lab.client(lab.xa, keys.tls_key.read_bytes(), keys.tls_certificate.read_bytes())
    assert refused_call(client)[0] is grpc.StatusCode.UNAVAILABLE


def test_a_hub_certificate_does_not_even_connect_to_the_partners_listener(lab: HubLab) -> None:
    key, certificate = lab.pki.agency(XA)
    address = lab.xa.wired.settings.listen_exchange
    channel = lab.channel(address, key.read_bytes(), certificate.read_bytes(), lab.pki.ca(XA).read_bytes())
    with pytest.raises(grpc.RpcError) as refused:
        exchange_pb2_grpc.ExchangeStub(channel).Describe(exchange_pb2.DescribeRequest(), timeout=5)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_another_countrys_agency_does_not_even_connect(lab: HubLab) -> None:
    key, certificate = lab.pki.agency(XB)
    client = lab.client(lab.xa, key.read_bytes(), certificate.read_bytes())
    assert refused_call(client)[0] is grpc.StatusCode.UNAVAILABLE


def test_who_trusts_another_root_does_not_hand_us_papers(lab: HubLab) -> None:
    key, certificate = lab.pki.agency(XA)
    client = lab.client(lab.xa, key.read_bytes(), certificate.read_bytes(), lab.pki.ca(XA).read_bytes())
    assert refused_call(client)[0] is grpc.StatusCode.UNAVAILABLE


# --- what is no call --------------------------------------------------------------------------------------------------

CALLS = ["Submit", "AcknowledgeInbound", "Answer", "GetExchange"]
NOTHING = "/n2n.v1.Hub/"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"", b"\x0a\x05ab"], ids=["garbage", "empty", "cut short"])
def test_bytes_that_are_no_message_are_malformed(agency: Client, call: str, data: bytes) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        agency.channel.unary_unary(NOTHING + call)(data, timeout=5)
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-WIRE-001")


@pytest.mark.parametrize("call", [*CALLS, "WatchInbound", "WatchStatus"])
def test_a_request_that_is_too_large_is_refused(agency: Client, call: str) -> None:
    data = b"\x0a" + b"\x81\x80\x80\x02" + b"x" * ((4 << 20) + 1)
    with pytest.raises(grpc.RpcError) as refused:
        list(agency.channel.unary_stream(NOTHING + call)(data, timeout=20))
    assert refused.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)


def test_a_flood_of_empty_papers_is_refused_before_it_is_parsed(agency: Client) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        agency.channel.unary_unary(NOTHING + "Submit")(b"\x0a\x00" * (2 << 20), timeout=20)
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-WIRE-003")


ABSURD = ["x", "XB", "XB.", "XB.-1", "XB.01", "XB.1,XB.1", "XB.99999999999999999999", "XB.9223372036854775807",
          "XB.1000000", "ZZ.1", ",", "XB.1 ", "m.1", "X" * 20_000, "XB.\uff11"]  # fmt: skip


@pytest.mark.parametrize("cursor", ABSURD)
def test_an_absurd_inbound_cursor_is_refused_and_skips_nothing(agency: Client, cursor: str) -> None:
    with pytest.raises(grpc.RpcError) as refused, agency.inbound(cursor) as stream:
        next(stream)
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-HUB-011")


@pytest.mark.parametrize("cursor", ["x", "m", "m.", "m.-1", "m.01", "m.99999999999999999999", "m.1000000000", "XB.1"])
def test_an_absurd_status_cursor_is_refused(agency: Client, cursor: str) -> None:
    with pytest.raises(grpc.RpcError) as refused, agency.moves(cursor) as stream:
        next(stream)
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-HUB-011")


FORMS = {
    "two papers under one key": ("Submit", hub_pb2.SubmitRequest(papers=[
        hub_pb2.Submission(idempotency_key="a", partner="XB", document=b"x")] * 2)),
    "no key": ("Submit", hub_pb2.SubmitRequest(papers=[hub_pb2.Submission(partner="XB", document=b"x")])),
    "a key that turns around": ("Submit", hub_pb2.SubmitRequest(papers=[
        hub_pb2.Submission(idempotency_key="a\u202eb", partner="XB", document=b"x")])),
    "a long key": ("Submit", hub_pb2.SubmitRequest(papers=[
        hub_pb2.Submission(idempotency_key="k" * 129, partner="XB", document=b"x")])),
    "no partner": ("Submit", hub_pb2.SubmitRequest(papers=[hub_pb2.Submission(idempotency_key="a", document=b"x")])),
    "a kind that is none": ("Submit", hub_pb2.SubmitRequest(papers=[
        hub_pb2.Submission(idempotency_key="a", partner="XB", kind="No Kind", document=b"x")])),
    "an id that is none": ("AcknowledgeInbound", hub_pb2.AcknowledgeInboundRequest(exchanges=["x"])),
    "257 ids": ("AcknowledgeInbound", hub_pb2.AcknowledgeInboundRequest(
        exchanges=[f"019aa9b0-0000-7000-8000-{n:012d}" for n in range(257)])),
    "no decision": ("Answer", hub_pb2.AnswerRequest(exchange="019aa9b0-0000-7000-8000-000000000001")),
    "no verdict": ("Answer", hub_pb2.AnswerRequest(
        exchange="019aa9b0-0000-7000-8000-000000000001", decision=hub_pb2.Decision())),
    "no question": ("GetExchange", hub_pb2.GetExchangeRequest()),
    "an empty key": ("GetExchange", hub_pb2.GetExchangeRequest(idempotency_key="")),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), FORMS.values(), ids=FORMS)
def test_a_message_that_breaks_a_rule_refuses_the_call(agency: Client, call: str, message: object) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        agency.channel.unary_unary(NOTHING + call)(message.SerializeToString(), timeout=5)
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-WIRE-001")


def test_from_now_and_a_cursor_contradict_each_other(agency: Client) -> None:
    with pytest.raises(grpc.RpcError) as refused, agency.moves("m.1", from_now=True) as stream:
        next(stream)
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-WIRE-001")


def test_a_call_that_is_not_served_says_so(agency: Client) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        agency.channel.unary_unary(NOTHING + "NoSuchCall")(b"", timeout=5)
    assert refusal(refused.value) == (grpc.StatusCode.UNIMPLEMENTED, "N2N-WIRE-004")


def test_a_call_without_a_deadline_is_refused(agency: Client) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        agency.stub.GetExchange(hub_pb2.GetExchangeRequest(idempotency_key="k"))
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-WIRE-001")


def test_a_client_has_four_watches_and_gets_a_place_back_when_one_ends(lab: HubLab) -> None:
    agency = lab.agency(lab.xa)
    streams = [agency.stub.WatchStatus(hub_pb2.WatchStatusRequest(from_now=True), timeout=20) for _ in range(4)]
    for stream in streams:
        next(stream)
    with pytest.raises(grpc.RpcError) as refused, agency.moves(from_now=True) as one_more:
        next(one_more)
    assert refusal(refused.value) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "N2N-WIRE-008")
    for stream in streams:
        stream.cancel()

    def admitted() -> bool:
        try:
            with agency.moves(from_now=True) as stream:
                return next(stream).cursor != ""
        except grpc.RpcError:
            return False

    until(admitted)
