"""What the worker knows of partners that do not answer, for whoever asks from another process."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from node.errors import AnswerRefused, NoAnswer, PartnerUnreachable, TlsFailed
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.job import Verb
from node.store.circuit_tables import CIRCUIT
from node.store.database import Tx
from node.store.tables import EXCHANGE, JOB

AWAY = (PartnerUnreachable.code, TlsFailed.code, NoAnswer.code, AnswerRefused.code)
"""Causes that end when the partner is back; what it asked for itself, such as more time, is another matter."""


@dataclass(frozen=True, slots=True)
class Away:
    """A partner that nothing is sent to: since when, why, how often it was tried, when it is probed next."""

    partner: NodeCode
    open_since: datetime
    cause: str
    failures: int
    probe_at: datetime


def note_away(tx: Tx, away: Away) -> None:
    """Remember it, instead of what was known before."""
    forget(tx, [away.partner])
    tx.execute(
        CIRCUIT.insert().values(
            partner=away.partner,
            open_since=away.open_since,
            cause=away.cause,
            failures=away.failures,
            probe_at=away.probe_at,
        )
    )


def forget(tx: Tx, partners: Collection[NodeCode]) -> None:
    """They answer again."""
    tx.execute(delete(CIRCUIT).where(CIRCUIT.c.partner.in_(partners)))


def probe_now(tx: Tx, partners: Collection[NodeCode], now: datetime) -> int:
    """Have the worker ask these partners at its next look; how many of them are away."""
    return tx.execute(update(CIRCUIT).where(CIRCUIT.c.partner.in_(partners)).values(probe_at=now)).rowcount


def forget_all(tx: Tx) -> None:
    """Nobody is known to be away: what a worker knew ended with it."""
    tx.execute(delete(CIRCUIT))


def away(tx: Tx) -> list[Away]:
    """Every partner that nothing is sent to."""
    rows = tx.execute(select(CIRCUIT).order_by(CIRCUIT.c.partner))
    return [Away(NodeCode(row.partner), row.open_since, row.cause, row.failures, row.probe_at) for row in rows]


def due_again(tx: Tx, partner: NodeCode, now: datetime) -> int:
    """The partner is back: what waits because it was away is due now; how many papers."""
    waiting = (
        select(JOB.c.exchange_id)
        .join(EXCHANGE, EXCHANGE.c.id == JOB.c.exchange_id)
        .where(
            JOB.c.partner == partner,
            JOB.c.verb == Verb.DELIVER.value,
            JOB.c.due_at > now,
            JOB.c.blocked_by.is_(None),
            EXCHANGE.c.direction == Direction.OUT.value,
            EXCHANGE.c.last_cause.in_(AWAY),
        )
    )
    return tx.execute(update(JOB).where(JOB.c.exchange_id.in_(waiting)).values(due_at=now)).rowcount
