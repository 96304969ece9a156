"""What a business answer does once it is stored: theirs to our papers, ours to theirs (protocol 3).

An answer that overtakes its paper's receipt is kept; it applies when the paper is DELIVERED.
"""

from collections.abc import Sequence
from datetime import datetime

from node.errors import RaceLost
from node.flows.answer_reading import ANSWERABLE
from node.flows.rulings import Decided
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId
from node.model.job import Verb
from node.store import answers, evidence, exchanges, jobs
from node.store.answers import StoredAnswer
from node.store.database import Tx


def arrived(tx: Tx, decided: Sequence[tuple[Decided, ExchangeId]], now: datetime, *, hub_pushed: bool) -> None:
    """Store a partner's new answers, each with its carrier, and do what they say.

    Raises RaceLost when one of the papers was answered or ended otherwise since the answer was judged.
    """
    rows = _fresh(
        tx,
        [
            StoredAnswer(one.target, carrier, one.answer.verdict, one.document_sha256, now)
            for one, carrier in decided
            if one.target is not None
        ],
    )
    if not rows:
        return
    answers.record(tx, rows)
    evidence.add(tx, [_fact(row, Fact.ANSWER_RECEIVED, now) for row in rows])
    applied = _apply(tx, rows, now)
    waiting = [row.exchange for row in rows if row.exchange not in applied]
    states = exchanges.load(tx, waiting) if waiting else {}
    if any(states[exchange].state not in ANSWERABLE for exchange in waiting):
        raise RaceLost
    if waiting:
        # The partner has the paper, or it could not answer it: ask for the receipt now (protocol 3).
        jobs.pull_forward(tx, waiting, now)
    if hub_pushed:
        jobs.anew(tx, applied, Verb.TELL_HUB, now)


def _fresh(tx: Tx, rows: Sequence[StoredAnswer]) -> list[StoredAnswer]:
    """Without those that are stored already. Raises RaceLost when another answer came first."""
    known = answers.of(tx, [row.exchange for row in rows])
    fresh: list[StoredAnswer] = []
    for row in rows:
        before = known.setdefault(row.exchange, row)
        if before is row:
            fresh.append(row)
        elif before.document_sha256 != row.document_sha256:
            raise RaceLost
    return fresh


def delivered(tx: Tx, ids: Sequence[ExchangeId], now: datetime) -> None:
    """Papers of ours are DELIVERED: answers that overtook their receipts apply."""
    _apply(tx, list(answers.of(tx, ids).values()), now)


def given(tx: Tx, ids: Sequence[ExchangeId]) -> frozenset[ExchangeId]:
    """Those of our papers that the partner has answered, whether that applies yet or waits for the receipt."""
    return frozenset(answers.of(tx, ids))


def concluded(tx: Tx, carriers: Sequence[ExchangeId], now: datetime) -> None:
    """The partner has accepted answers of ours: the papers they answer are ANSWERED."""
    ours = answers.carried_by(tx, carriers)
    if not ours:
        return
    ids = [one.exchange for one in ours]
    moved = exchanges.move_all(tx, ids, Direction.IN, [State.RECEIVED, State.HANDED_OVER], State.ANSWERED, now)
    evidence.add(tx, [_fact(one, Fact.ANSWERED, now) for one in ours if one.exchange in moved])


def _apply(tx: Tx, rows: Sequence[StoredAnswer], now: datetime) -> frozenset[ExchangeId]:
    if not rows:
        return frozenset()
    ids = [row.exchange for row in rows]
    moved = exchanges.move_all(tx, ids, Direction.OUT, [State.DELIVERED], State.ANSWERED, now)
    evidence.add(tx, [_fact(row, Fact.ANSWERED, now) for row in rows if row.exchange in moved])
    return moved


def _fact(row: StoredAnswer, fact: Fact, now: datetime) -> EvidenceFact:
    """The carrier is named, for the answer's own signature and receipt are proved there."""
    return EvidenceFact(row.exchange, now, fact, row.document_sha256, f"{row.verdict} {row.carrier}")
