"""What people's acts need to see of jobs, and change in them, while nobody else can claim those."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, update

from node.clock import from_ms
from node.model.ids import ExchangeId
from node.model.job import Verb
from node.store.columns import intact
from node.store.database import Tx
from node.store.sql import ListStatement, texts
from node.store.tables import EXCHANGE, JOB


@dataclass(frozen=True, slots=True)
class Work:
    """What waits to be done for an exchange: after how many tries, leased until when, behind which other one."""

    verb: Verb
    attempts: int
    lease_until: datetime | None
    blocked_by: ExchangeId | None

    def leased(self, now: datetime) -> bool:
        """Whether somebody works at it."""
        return self.lease_until is not None and self.lease_until > now

    @property
    def never_claimed(self) -> bool:
        """Whether no claim of this verb was ever committed; what was offered and given back counts as none."""
        return self.attempts == 0 and self.lease_until is None


def works(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, Work]:
    """What waits for these exchanges; nobody can claim it before this transaction ends."""
    with intact("job"):
        return {
            ExchangeId(exchange): Work(Verb(verb), attempts, None if lease is None else from_ms(lease), blocked)
            for exchange, verb, attempts, lease, blocked in _WORKS.rows(tx, ids)
        }


def due_now(tx: Tx, ids: Collection[ExchangeId], now: datetime) -> None:
    """What waits for these exchanges is due now, whatever it waited for."""
    chosen = and_(JOB.c.exchange_id.in_(texts(ids)), JOB.c.due_at > now)
    tx.execute(update(JOB).where(chosen).values(due_at=now))


def ask_first(tx: Tx, exchange: ExchangeId, now: datetime) -> None:
    """The exchange is only asked about from now on: at once, and behind nobody."""
    mine = and_(JOB.c.exchange_id == exchange, JOB.c.due_at.is_not(None))
    tx.execute(update(JOB).where(mine).values(due_at=now, blocked_by=None))


def new_causes(tx: Tx, ids: Collection[ExchangeId]) -> None:
    """Whoever put these back to work has seen to their first cause; the next one is the first again."""
    tx.execute(update(EXCHANGE).where(EXCHANGE.c.id.in_(texts(ids))).values(first_cause="", last_cause=""))


_WORKS = ListStatement(
    lambda ids: (
        select(JOB.c.exchange_id, JOB.c.verb, JOB.c.attempts, JOB.c.lease_until, JOB.c.blocked_by)
        .where(JOB.c.exchange_id.in_(ids), JOB.c.due_at.is_not(None))
        .with_for_update()
    )
)
