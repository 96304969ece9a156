"""Each side watches the other's log of receipts: what a partner showed once, it must go on showing."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from node import merkle
from node.crypto.checkpoint_key import generate_checkpoint_key, save_checkpoint_key
from node.crypto.checkpoints import claimed_checkpoint, sign_checkpoint, verify_checkpoint
from node.crypto.keys import AnnouncedKey
from node.errors import LogBroken, LogForked, NoLogAlarm
from node.flows import witness
from node.flows.ports import ActorName
from node.model.checkpoint import MAX_LOG_SIZE, Checkpoint, ConsistencyProof
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.exchange import State
from node.model.ids import NodeCode, uuid7
from node.model.receipt import Answer, DeliverResponse, NotHeld, SignedReceipt
from node.store import log, witnessed
from node.store.tables import RECEIPT, RECEIPT_DISPUTE

XA, XB = NodeCode("XA"), NodeCode("XB")
HUMAN = ActorName("inspector", "human")
Show = Callable[[DeliverResponse], DeliverResponse]


class Reports:
    """What the journal was told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, object]]] = []

    def __call__(self, action: str, /, **fields: object) -> None:
        self.said.append((action, fields))

    def of(self, action: str) -> list[dict[str, object]]:
        return [fields for said, fields in self.said if said == action]


@pytest.fixture
def heard(pair, hear) -> Reports:
    """Everything that XA reports."""
    return hear(pair.xa)


@pytest.fixture
def hear() -> Callable[..., Reports]:
    def listen(country) -> Reports:
        reports = Reports()
        # Frozen on purpose; flows and door share this very object.
        object.__setattr__(country.wired.node, "report", reports)
        return reports

    return listen


@pytest.fixture
def send(pair, papers) -> Callable[[int], list]:
    """XA sends so many papers more, in one call."""
    stock = iter(papers(200))

    def some(count: int) -> list:
        sent = []
        for _ in range(count):
            content = next(stock)
            sent.append(pair.xa.hand_in(content, XB, f"key {hash(content)}"))
        pair.xa.work()
        return sent

    return some


def known(country, partner: NodeCode = XB) -> Checkpoint:
    note = country.wired.node.store.read(lambda tx: witnessed.known(tx, partner))
    return claimed_checkpoint(note, partner, country.code)


def alarm(country, partner: NodeCode = XB) -> witnessed.Alarm | None:
    return country.wired.node.store.read(lambda tx: witnessed.alarm(tx, partner))


def leaves(country, partner: NodeCode = XA) -> list[bytes]:
    """The leaves of a country's log, worked out from its receipts."""
    logged = country.wired.node.store.read(lambda tx: log.receipts(tx, partner, 0, 500))
    return [merkle.leaf_hash(one.receipt) for one in logged]


def signs(country, size: int, root: bytes, partner: NodeCode = XA, signer: NodeCode | None = None) -> bytes:
    return sign_checkpoint(signer or country.code, partner, size, root, country.wired.node.keys.checkpoint[0])


# --- two honest sides -------------------------------------------------------------------------------------------------


def test_an_answer_shows_the_log_with_its_own_receipts_in_it(pair, send) -> None:
    shown = []
    pair.xa.road.show = lambda response: shown.append(response) or response
    sent = send(3)
    (response,) = shown
    keys = [key.announce() for key in pair.xb.wired.node.keys.checkpoint]
    head = verify_checkpoint(response.checkpoint, XB, XA, keys, pair.xa.clock.now())
    receipts = [one.outcome.receipt for one in response.answers if isinstance(one.outcome, SignedReceipt)]
    assert (head.size, head.root) == (3, merkle.root([merkle.leaf_hash(one) for one in receipts]))
    assert response.proof is None
    assert known(pair.xa) == head
    sizes = pair.xa.wired.node.store.read(lambda tx: tx.execute(RECEIPT.select()).all())
    assert {row.log_size for row in sizes} == {3}
    assert len(sent) == 3


def test_the_next_call_names_what_is_known_and_its_answer_proves_the_way(pair, send) -> None:
    send(3)
    before = known(pair.xa)
    shown = []
    pair.xa.road.show = lambda response: shown.append(response) or response
    send(2)
    assert pair.xa.road.carried[-1].known_checkpoint == before.note
    (response,) = shown
    assert response.proof is not None
    assert response.proof.from_size == 3
    after = known(pair.xa)
    assert after.size == 5
    assert merkle.verify_consistency(3, 5, before.root, after.root, response.proof.nodes)


def test_a_growing_log_is_followed_over_many_calls_and_both_ways(pair, send, papers, heard) -> None:
    for count in (1, 2, 5, 1, 7, 3):
        send(count)
    assert known(pair.xa).size == 19
    assert known(pair.xa).root == merkle.root(leaves(pair.xb))
    assert heard.said == []


def test_both_sides_keep_watching_after_a_restart(pair, send, reopen) -> None:
    send(3)
    reopen(pair.xb)
    send(2)
    reopen(pair.xa)
    send(4)
    assert known(pair.xa).size == 9
    assert alarm(pair.xa) is None


def test_a_status_question_is_witnessed_too(pair, send, origin) -> None:
    send(3)
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert known(pair.xa).size == 3
    pair.xa.next_try()
    assert pair.xa.road.asked[-1].known_checkpoint != b""
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert known(pair.xa).size == 4


def test_an_answer_that_stores_nothing_shows_the_log_as_it_is(pair, send) -> None:
    send(3)
    before = known(pair.xa)
    request = StatusRequest((uuid7(pair.xa.clock.now(), bytes),), known_checkpoint=before.note)
    response = pair.xb.wired.door.status(XA, request)
    assert [type(one.outcome) for one in response.answers] == [NotHeld]
    assert response.checkpoint == before.note
    assert response.proof == ConsistencyProof(3)


def test_an_empty_log_is_shown_as_the_empty_tree(pair) -> None:
    request = StatusRequest((uuid7(pair.xa.clock.now(), bytes),))
    response = pair.xb.wired.door.status(XA, request)
    head = claimed_checkpoint(response.checkpoint, XB, XA)
    assert (head.size, head.root) == (0, merkle.root(()))


def test_a_first_checkpoint_of_the_empty_log_can_be_built_on(pair, send) -> None:
    node = pair.xa.wired.node
    head = merkle.root(())
    first = Checkpoint(XB, XA, 0, head, signs(pair.xb, 0, head))
    node.store.write(lambda tx: witnessed.advance(tx, b"", first))
    send(3)
    assert known(pair.xa).size == 3


# --- what a caller names never changes the answers --------------------------------------------------------------------


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(lambda xb: b"", id="nothing"),
        pytest.param(lambda xb: bytes(4096), id="zeros"),
        pytest.param(lambda xb: b"\xff" * 4096, id="no text"),
        pytest.param(lambda xb: signs(xb, 4, b"r" * 32), id="larger"),
        pytest.param(lambda xb: signs(xb, MAX_LOG_SIZE, b"r" * 32), id="absurd"),
        pytest.param(lambda xb: signs(xb, 2, b"r" * 32, partner=NodeCode("XC")), id="of another partner"),
        pytest.param(lambda xb: signs(xb, 2, b"r" * 32, XB, XA), id="of another node"),
    ],
)
def test_a_missing_unknown_or_larger_checkpoint_changes_nothing_but_the_proof(pair, send, named) -> None:
    send(3)
    first = pair.xa.road.carried[0]
    plain = pair.xb.wired.door.deliver(XA, first)
    asked = pair.xb.wired.door.deliver(XA, replace(first, known_checkpoint=named(pair.xb)))
    assert asked == plain
    assert asked.proof is None
    assert claimed_checkpoint(asked.checkpoint, XB, XA).size == 3


def test_a_caller_that_names_another_root_gets_the_proof_that_shows_it(pair, send) -> None:
    send(3)
    named = signs(pair.xb, 2, b"r" * 32)
    response = pair.xb.wired.door.deliver(XA, replace(pair.xa.road.carried[0], known_checkpoint=named))
    assert response.proof is not None
    head = claimed_checkpoint(response.checkpoint, XB, XA)
    assert not merkle.verify_consistency(2, 3, b"r" * 32, head.root, response.proof.nodes)
    assert merkle.verify_consistency(2, 3, merkle.root(leaves(pair.xb)[:2]), head.root, response.proof.nodes)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (lambda xb: signs(xb, 9, b"r" * 32), 9),
        (lambda xb: signs(xb, 3, b"r" * 32), 3),
        (lambda xb: signs(xb, 3, merkle.root(leaves(xb))), None),
        (lambda xb: signs(xb, 9, b"r" * 32)[:-8] + b"AAAAA==\n", None),
        (lambda xb: signs(xb, 9, b"r" * 32, partner=NodeCode("XC")), None),
    ],
    ids=["larger", "other root", "as it is", "forged", "another's"],
)
def test_our_own_signature_for_what_we_do_not_hold_tells_us_that_we_lost_something(
    pair, send, hear, named, told
) -> None:
    send(3)
    heard = hear(pair.xb)
    request = StatusRequest((uuid7(pair.xa.clock.now(), bytes),), known_checkpoint=named(pair.xb))
    response = pair.xb.wired.door.status(XA, request)
    assert claimed_checkpoint(response.checkpoint, XB, XA).size == 3
    lost = heard.of("alarm.own-log-lost")
    assert [type(one.pop("error")) for one in lost] == ([] if told is None else [LogBroken])
    assert lost == ([] if told is None else [{"partner": XA, "signed_size": told, "size": 3}])


# --- logs that were rewritten -----------------------------------------------------------------------------------------


def _shrunk(pair) -> Show:
    root = merkle.root(leaves(pair.xb)[:2])
    return lambda response: replace(response, checkpoint=signs(pair.xb, 2, root), proof=None)


def _replayed(pair) -> Show:
    """An older checkpoint, signed long ago and quite genuine then, with the proof that once belonged to it."""
    root = merkle.root(leaves(pair.xb)[:2])
    return lambda response: replace(response, checkpoint=signs(pair.xb, 2, root), proof=ConsistencyProof(2))


def _same_size(pair) -> Show:
    return lambda response: replace(response, checkpoint=signs(pair.xb, 3, b"f" * 32), proof=ConsistencyProof(3))


def _emptied(pair) -> Show:
    empty = merkle.root(())
    return lambda response: replace(response, checkpoint=signs(pair.xb, 0, empty), proof=None)


def _rewritten(pair) -> Show:
    """A larger log whose first leaf is another, with a proof that is right for that one."""
    forged = [b"f" * 32, *leaves(pair.xb)[1:], b"g" * 32]
    proof = ConsistencyProof(3, merkle.consistency_proof(forged, 3))
    return lambda response: replace(response, checkpoint=signs(pair.xb, 4, merkle.root(forged)), proof=proof)


def _unproved(pair) -> Show:
    return lambda response: replace(response, proof=None)


def _proved_from_elsewhere(pair) -> Show:
    return lambda response: replace(response, proof=replace(response.proof, from_size=2))


def _proof_spoilt(pair) -> Show:
    def show(response: DeliverResponse) -> DeliverResponse:
        _, *rest = response.proof.nodes
        return replace(response, proof=replace(response.proof, nodes=(bytes(32), *rest)))

    return show


def _proof_too_long(pair) -> Show:
    return lambda response: replace(
        response, proof=replace(response.proof, nodes=(*response.proof.nodes, *[bytes(32)] * 40))
    )


def _absurd_size(pair) -> Show:
    proof = ConsistencyProof(3, (bytes(32),) * 64)
    return lambda response: replace(response, checkpoint=signs(pair.xb, MAX_LOG_SIZE, b"f" * 32), proof=proof)


REWRITTEN = {
    "shrunk": (_shrunk, 2),
    "an older one again": (_replayed, 2),
    "emptied": (_emptied, 0),
    "same size, other root": (_same_size, 3),
    "another first entry": (_rewritten, 4),
    "no proof": (_unproved, 4),
    "a proof from another size": (_proved_from_elsewhere, 4),
    "a node of the proof changed": (_proof_spoilt, 4),
    "more nodes than needed": (_proof_too_long, 4),
    "an absurd size": (_absurd_size, MAX_LOG_SIZE),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_a_log_that_shrank_or_forked_raises_one_alarm_and_is_never_taken_for_the_new_one(
    pair, send, heard, name: str
) -> None:
    spoil, size = REWRITTEN[name]
    send(3)
    before = known(pair.xa)
    pair.xa.road.show = spoil(pair)
    (sent,) = send(1)
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert known(pair.xa) == before
    standing = alarm(pair.xa)
    assert standing is not None
    assert standing.known == before.note
    assert claimed_checkpoint(standing.shown, XB, XA).size == size
    (entry,) = pair.xa.audited("log-forked")
    assert entry["object"] == XB
    assert (entry["known_size"], entry["shown_size"]) == ("3", str(size))
    assert (entry["known_root"], entry["known_checkpoint"].encode()) == (before.root.hex(), before.note)
    assert entry["shown_checkpoint"].encode() == standing.shown
    (told,) = heard.of("alarm.log-forked")
    assert isinstance(told.pop("error"), LogForked)
    assert told == {"partner": XB, "known_size": "3", "shown_size": str(size)}


def test_the_alarm_names_the_receipts_that_a_shrunk_log_has_no_room_for(pair, send) -> None:
    first = send(2)
    later = send(7)
    pair.xa.road.show = _shrunk(pair)
    send(1)
    (entry,) = pair.xa.audited("log-forked")
    assert entry["entries_count"] == "7"
    ids = {pair.xa.exchange(one).message_id for one in later}
    named = entry["entries_first"].split()
    assert len(named) == witnessed.NAMED_ENTRIES
    assert set(named) <= ids
    assert not set(named) & {pair.xa.exchange(one).message_id for one in first}


def test_an_alarm_stands_and_is_written_down_once_however_often_the_log_is_shown(pair, send, heard, reopen) -> None:
    send(3)
    pair.xa.road.show = _same_size(pair)
    send(1)
    pair.xa.road.show = _shrunk(pair)
    send(1)
    reopen(pair.xa)
    send(1)
    pair.xa.road.show = lambda response: response
    send(1)
    assert len(pair.xa.audited("log-forked")) == 1
    assert len(heard.of("alarm.log-forked")) == 2
    assert known(pair.xa).size == 3
    assert alarm(pair.xa) is not None


def test_receipts_of_a_rewritten_log_are_not_told_to_be_in_it(pair, send) -> None:
    send(3)
    pair.xa.road.show = _same_size(pair)
    (sent,) = send(1)
    rows = pair.xa.wired.node.store.read(lambda tx: tx.execute(RECEIPT.select()).all())
    assert {row.log_size for row in rows if row.exchange_id == sent} == {None}
    assert {row.log_size for row in rows if row.exchange_id != sent} == {3}


# --- ABSENT from such a partner ---------------------------------------------------------------------------------------


def _unheard(request: DeliverRequest) -> DeliverRequest:
    """The call never arrives; what does is about papers nobody knows."""
    return replace(request, envelopes=tuple(replace(one, body_digest=bytes(32)) for one in request.envelopes))


def test_absent_only_parks_while_the_alarm_stands(pair, send, origin, heard) -> None:
    send(3)
    pair.xa.road.show = _same_size(pair)
    send(1)
    pair.xa.road.tamper = _unheard
    lost = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.later(days=8)
    parked = pair.xa.exchange(lost)
    assert (parked.state, parked.last_cause) == (State.PARKED, LogForked.code)
    assert pair.xa.timeline(lost)[-2:] == ["receipt-doubted", "parked"]
    kept = pair.xa.wired.node.store.read(lambda tx: tx.execute(RECEIPT_DISPUTE.select()).all())
    assert [(row.exchange_id, row.verdict) for row in kept] == [(lost, 3)]
    assert {"exchange": lost, "partner": XB, "code": LogForked.code} in heard.of("exchange.parked")
    pair.xa.later(days=30)
    assert pair.xa.exchange(lost).state is State.PARKED


def test_absent_in_the_very_answer_that_shows_the_fork_only_parks_too(pair, send, origin) -> None:
    send(3)
    pair.xa.road.tamper = _unheard
    lost = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.road.show = _same_size(pair)
    pair.xa.later(days=8)
    assert pair.xa.exchange(lost).state is State.PARKED
    assert len(pair.xa.audited("log-forked")) == 1


def test_absent_ends_a_paper_where_no_alarm_stands(pair, send, origin) -> None:
    send(3)
    pair.xa.road.tamper = _unheard
    lost = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.later(days=8)
    assert pair.xa.exchange(lost).state is State.EXPIRED
    assert known(pair.xa).size == 4


def test_after_a_human_cleared_the_alarm_absent_ends_papers_again(pair, send, origin) -> None:
    send(3)
    pair.xa.road.show = _same_size(pair)
    send(1)
    node = pair.xa.wired.node
    with pytest.raises(NoLogAlarm):
        witness.clear(node, NodeCode("XC"), HUMAN, "a slip")
    cleared = witness.clear(node, XB, HUMAN, "their disk failed; see letter 12")
    assert claimed_checkpoint(cleared.shown, XB, XA).root == b"f" * 32
    assert pair.xa.audited("log-alarm-cleared") == [
        {"object": XB, "partner": XB, "reason": "their disk failed; see letter 12"}
    ]
    with pytest.raises(NoLogAlarm):
        witness.clear(node, XB, HUMAN, "twice")
    pair.xa.road.show = lambda response: response
    pair.xa.road.tamper = _unheard
    lost = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.later(days=8)
    assert pair.xa.exchange(lost).state is State.EXPIRED
    assert known(pair.xa).size == 5


def test_an_answer_under_way_while_a_human_clears_does_not_raise_the_alarm_again(pair, send) -> None:
    send(3)
    pair.xa.road.show = _same_size(pair)
    send(1)
    node, spoil = pair.xa.wired.node, _same_size(pair)

    def clear_meanwhile(response: DeliverResponse) -> DeliverResponse:
        witness.clear(node, XB, HUMAN, "looked into")
        return spoil(response)

    pair.xa.road.show = clear_meanwhile
    send(1)
    assert alarm(pair.xa) is None
    pair.xa.road.show = lambda response: response
    send(1)
    assert known(pair.xa).size == 6


# --- checkpoints that say nothing -------------------------------------------------------------------------------------


USELESS = {
    "forged": lambda xb: signs(xb, 4, b"f" * 32)[:-8] + b"AAAAA==\n",
    "by another key": lambda xb: sign_checkpoint(XB, XA, 4, b"f" * 32, generate_checkpoint_key(xb.clock.now(), 9)),
    "about another partner": lambda xb: signs(xb, 4, b"f" * 32, partner=NodeCode("XC")),
    "of another node": lambda xb: signs(xb, 4, b"f" * 32, partner=XB, signer=XA),
    "no note": lambda xb: b"checkpoint",
    "as long as can be": lambda xb: b"\xff" * 4096,
}


@pytest.mark.parametrize("name", USELESS)
def test_a_checkpoint_that_does_not_hold_is_reported_and_harms_nothing(pair, send, heard, name: str) -> None:
    send(3)
    before = known(pair.xa)
    useless = USELESS[name](pair.xb)
    pair.xa.road.show = lambda response: replace(response, checkpoint=useless, proof=None)
    (sent,) = send(1)
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert known(pair.xa) == before
    assert alarm(pair.xa) is None
    assert [fields["partner"] for fields in heard.of("alarm.checkpoint-refused")] == [XB]
    pair.xa.road.show = lambda response: response
    send(1)
    assert known(pair.xa).size == 5


def test_a_checkpoint_that_stays_away_is_reported_once_it_was_there(pair, send, heard) -> None:
    pair.xa.road.show = lambda response: replace(response, checkpoint=b"", proof=None)
    send(1)
    assert heard.said == []
    pair.xa.road.show = lambda response: response
    send(1)
    pair.xa.road.show = lambda response: replace(response, checkpoint=b"", proof=None)
    (sent,) = send(1)
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert heard.said == [("witness.checkpoint-missing", {"partner": XB})]
    assert known(pair.xa).size == 2


def test_a_partner_without_checkpoint_key_is_asked_for_nothing(pair, send, hear, unannounced) -> None:
    unannounced(pair.xb)
    heard, shown = hear(pair.xa), []
    pair.xa.road.show = lambda response: shown.append(response.checkpoint) or response
    sent = send(2)
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    assert pair.xa.wired.node.store.read(lambda tx: witnessed.known(tx, XB)) == b""
    assert (heard.said, shown) == ([], [b""])


def test_a_new_checkpoint_key_continues_the_log_of_the_old_one() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    old, new = (generate_checkpoint_key(now, 9) for _ in range(2))
    own = [bytes([number]) * 32 for number in range(5)]
    before = witness.Known(sign_checkpoint(XB, XA, 3, merkle.root(own[:3]), old), (new.announce(),))
    note = sign_checkpoint(XB, XA, 5, merkle.root(own), new)
    answered = DeliverResponse((), note, ConsistencyProof(3, merkle.consistency_proof(own, 3)))
    assert witness.look(XB, XA, before, answered, now).covers == 5
    stale = DeliverResponse((), sign_checkpoint(XB, XA, 5, merkle.root(own), old), answered.proof)
    assert witness.look(XB, XA, before, stale, now).refused is not None


def test_only_an_announced_key_signs_checkpoints(pair, reopen) -> None:
    mine = pair.xb.wired.node.keys.checkpoint
    save_checkpoint_key(generate_checkpoint_key(pair.xb.clock.now(), 9), pair.xb.home / "keys")
    reopen(pair.xb)
    assert [key.id for key in pair.xb.wired.node.keys.checkpoint] == [key.id for key in mine]


def test_a_stored_statement_that_cannot_be_read_holds_no_paper_up() -> None:
    assert witness._checkpoint_keys(b"<KeyStatement/>") == ()


# --- two calls at once ------------------------------------------------------------------------------------------------


def test_racing_calls_grow_one_consistent_log(pair, papers) -> None:
    fresh = []
    pair.xa.road.tamper = lambda request: fresh.append(request) or request
    pair.xa.road.cut = False
    real = pair.xa.road.there

    class Nobody:
        async def deliver(self, request: DeliverRequest, deadline_s: float) -> DeliverResponse:
            return DeliverResponse(tuple(Answer("", NotHeld()) for _ in request.envelopes))

        async def status(self, request: StatusRequest, deadline_s: float) -> DeliverResponse:
            return DeliverResponse(tuple(Answer(one, NotHeld()) for one in request.message_ids))

    pair.xa.road.there = Nobody()
    for number, content in enumerate(papers(8)):
        pair.xa.hand_in(content, XB, f"k{number}")
        pair.xa.work()
    pair.xa.road.there = real
    by_id = {request.envelopes[0].header: request for request in fresh}
    shown: list[DeliverResponse] = []

    def call(request) -> None:
        shown.append(pair.xb.wired.door.deliver(XA, request))

    threads = [threading.Thread(target=call, args=(request,)) for request in by_id.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own = leaves(pair.xb)
    assert len(own) == len(by_id) == 8
    heads = [claimed_checkpoint(one.checkpoint, XB, XA) for one in shown]
    assert all(head.root == merkle.root(own[: head.size]) for head in heads)
    assert sorted(head.size for head in heads) == list(range(1, 9))
    for one, head in zip(shown, heads, strict=True):
        (answer,) = one.answers
        assert isinstance(answer.outcome, SignedReceipt)
        assert merkle.leaf_hash(answer.outcome.receipt) in own[: head.size]


def test_what_follows_from_an_older_checkpoint_does_not_replace_a_newer_one(pair, send) -> None:
    send(3)
    older = known(pair.xa)
    send(3)
    newer = known(pair.xa)
    late = Checkpoint(XB, XA, 9, b"f" * 32, signs(pair.xb, 9, b"f" * 32))
    store = pair.xa.wired.node.store
    assert store.write(lambda tx: witnessed.advance(tx, older.note, late)) is False
    assert store.write(lambda tx: witnessed.advance(tx, b"", late)) is False
    assert known(pair.xa) == newer


# --- two calls under way at once, which name the same checkpoint ------------------------------------------------------


def branch(country, known_: int, size: int, twist: bytes) -> DeliverResponse:
    """An answer that shows a log of that size: the first entries as they are, those behind of its own."""
    own = leaves(country)[:known_]
    grown = own + [merkle.leaf_hash(twist + bytes([n])) for n in range(size - known_)]
    proof = ConsistencyProof(known_, merkle.consistency_proof(grown, known_)) if known_ else None
    return DeliverResponse((), signs(country, size, merkle.root(grown)), proof)


@pytest.fixture
def at_once(pair) -> Callable[..., list[witness.Sight]]:
    """Both answers are judged by what was known before either came, then remembered one after the other."""

    def run(*responses: DeliverResponse) -> list[witness.Sight]:
        node, now = pair.xa.wired.node, pair.xa.clock.now()
        before = node.store.read(lambda tx: witness.known(tx, XB))
        sights = [witness.look(XB, XA, before, one, now) for one in responses]
        assert [one.forked for one in sights] == [None] * len(responses)
        return [node.store.write(lambda tx, one=one: witness.remember(node, tx, one, now)) for one in sights]

    return run


@pytest.mark.parametrize("known_", [0, 3], ids=["the first", "later"])
def test_two_answers_of_one_size_and_two_roots_raise_the_alarm(pair, send, heard, at_once, known_: int) -> None:
    if known_:
        send(known_)
    first, second = at_once(branch(pair.xb, known_, 6, b"A"), branch(pair.xb, known_, 6, b"B"))
    assert (first.covers, second.covers) == (6, None)
    standing = alarm(pair.xa)
    assert standing is not None
    assert {standing.known, standing.shown} == {first.shown.note, second.shown.note}
    assert known(pair.xa) == first.shown
    (entry,) = pair.xa.audited("log-forked")
    assert (entry["known_size"], entry["shown_size"]) == ("6", "6")
    assert len(heard.of("alarm.log-forked")) == 1
    assert pair.xa.wired.node.store.read(lambda tx: witness.doubted(tx, XB))


def test_two_answers_that_show_the_same_log_are_both_believed(pair, send, heard, at_once) -> None:
    send(3)
    sights = at_once(branch(pair.xb, 3, 6, b"A"), branch(pair.xb, 3, 6, b"A"))
    assert [one.covers for one in sights] == [6, 6]
    assert (alarm(pair.xa), heard.said) == (None, [])


@pytest.mark.parametrize("size", [5, 9], ids=["smaller", "larger"])
def test_of_two_answers_of_different_sizes_only_the_remembered_one_says_how_large_the_log_is(
    pair, send, heard, at_once, size: int
) -> None:
    send(3)
    first, second = at_once(branch(pair.xb, 3, 6, b"A"), branch(pair.xb, 3, size, b"B"))
    assert (first.covers, second.covers) == (6, None)
    assert known(pair.xa) == first.shown
    assert (alarm(pair.xa), heard.said) == (None, [])


def test_receipts_of_an_answer_that_another_overtook_are_stored_without_a_size(pair, send) -> None:
    send(3)
    quicker = branch(pair.xb, 3, 9, b"A")
    before = known(pair.xa)

    def meanwhile(response: DeliverResponse) -> DeliverResponse:
        now = pair.xa.clock.now()
        seen = witness.look(XB, XA, witness.Known(before.note, _keys(pair.xb)), quicker, now)
        pair.xa.wired.node.store.write(lambda tx: witness.remember(pair.xa.wired.node, tx, seen, now))
        return response

    pair.xa.road.show = meanwhile
    (sent,) = send(1)
    assert pair.xa.exchange(sent).state is State.DELIVERED
    rows = pair.xa.wired.node.store.read(lambda tx: tx.execute(RECEIPT.select()).all())
    assert {row.log_size for row in rows if row.exchange_id == sent} == {None}
    assert alarm(pair.xa) is None


def _keys(country) -> tuple[AnnouncedKey, ...]:
    return tuple(key.announce() for key in country.wired.node.keys.checkpoint)
