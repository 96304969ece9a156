"""A partner that answered a paper and then signs that it has none: only one can be true (protocol 3)."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing

import pytest

from node.errors import AnswerContradicted
from node.flows import answering, parking, receipts
from node.flows.ports import ActorName
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.exchange import State
from node.model.receipt import Answer, Receipt, SignedReceipt, Verdict
from node.store.tables import RECEIPT_DISPUTE
from node.wire import receipt_from_bytes

XA, XB = "XA", "XB"
AGENCY = ActorName("agency", "human")
YES = BusinessAnswer(AnswerVerdict.ACCEPTED, reference="B-1")


def overtaken(pair, content: bytes) -> str:
    """A paper of XA's whose receipts were lost, while the answer to it has come."""
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(content, XB)
    pair.xa.work()
    (there,) = pair.xb.received()
    answering.answer(pair.xb.wired.node, there.id, YES, AGENCY)
    pair.xa.road.loses_answers = 1_000
    pair.xb.work()
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    assert "answer-received" in pair.xa.timeline(sent)
    return sent


def says(country, verdict: Verdict) -> Callable[[Sequence[Answer]], Sequence[Answer]]:
    """Every receipt of that country's is another one, duly signed."""

    def spoil(answers: Sequence[Answer]) -> Sequence[Answer]:
        node, now = country.wired.node, country.clock.now()
        held = [receipt_from_bytes(one.outcome.receipt) for one in answers if isinstance(one.outcome, SignedReceipt)]
        other = [Receipt(one.message_id, verdict, now, None if verdict is Verdict.ABSENT else one.leaf) for one in held]
        signed = receipts.issue(node, XA, other, now)
        return [Answer(one.message_id, outcome) for one, outcome in zip(answers, signed, strict=True)]

    return spoil


@pytest.fixture
def heard(pair) -> list[tuple[str, dict[str, object]]]:
    said: list[tuple[str, dict[str, object]]] = []
    # Frozen on purpose; flows and door share this very object.
    object.__setattr__(pair.xa.wired.node, "report", lambda action, /, **fields: said.append((action, fields)))
    return said


@pytest.mark.parametrize("verdict", [Verdict.ABSENT, Verdict.REFUSED])
def test_no_after_an_answer_parks_the_paper_and_raises_an_alarm(pair, heard, origin: bytes, verdict: Verdict) -> None:
    sent = overtaken(pair, origin)
    pair.xa.road.loses_answers, pair.xa.road.spoil = 0, says(pair.xb, verdict)
    pair.xa.next_try()
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.last_cause) == (State.PARKED, AnswerContradicted.code)
    assert pair.xa.timeline(sent)[-2:] == ["receipt-doubted", "parked"]
    (alarm,) = [fields for said, fields in heard if said == "alarm.answer-contradicted"]
    assert (alarm["exchange"], alarm["partner"]) == (sent, XB)
    kept = pair.xa.wired.node.store.read(lambda tx: tx.execute(RECEIPT_DISPUTE.select()).all())
    assert [(row.exchange_id, row.verdict) for row in kept] == [(sent, int(verdict))]

    # The partner finds its receipt again, and a human lets the node ask for it.
    pair.xa.road.spoil = lambda answers: answers
    parking.resume(pair.xa.wired.node, [sent], AGENCY, "they found it")
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.ANSWERED
    told = json.loads((pair.xa.home / "hub" / "answered" / f"{sent}.json").read_text())
    assert told["answer"]["verdict"] == "accepted"


def test_a_partner_that_forgot_what_it_answered_ends_no_paper(pair, origin: bytes) -> None:
    sent = overtaken(pair, origin)
    message_id = pair.xa.exchange(sent).message_id
    with closing(sqlite3.connect(pair.xb.home / "node.db")) as raw, raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        gone = raw.execute("DELETE FROM receipt WHERE direction = 'issued' AND message_id = ?", (message_id,))
        assert gone.rowcount == 1
    pair.xa.road.loses_answers = 0
    pair.xa.later(days=8)
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.last_cause) == (State.PARKED, AnswerContradicted.code)
    assert not (pair.xa.home / "hub" / "status" / f"{sent}.json").exists()
