"""The effect of a paper that names the day on which it goes: an order to purge it, on whichever side it lies."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from node.flows.ports import ActorName
from node.model.effect import Effect
from node.model.exchange import Direction, Exchange
from node.model.ids import NodeCode
from node.model.retention_effect import RetainUntil
from node.store import actors, retention
from node.store.database import Tx

SYSTEM = ActorName("retention", "system")
"""Who purges when nobody asked for it."""

REASON = "the day that the paper names is over"


class DatedPapers:
    """Orders the purge when the paper is stored; it can always be ordered."""

    def unfit(self, tx: Tx, partner: NodeCode, direction: Direction, effect: Effect, earlier: Sequence[Effect]) -> None:
        """Nothing stands against it: the paper's rules and the arrangement have judged the day."""

    def apply(self, tx: Tx, exchange: Exchange, effect: Effect, now: datetime) -> None:
        """From the midnight behind the day (UTC) on, the purge job takes the body."""
        if isinstance(effect, RetainUntil):
            actor = actors.ensure(tx, SYSTEM.name, actors.ActorKind(SYSTEM.kind), now)
            due_at = datetime.combine(effect.day, time(), UTC) + timedelta(days=1)
            retention.order(tx, [exchange.id], due_at, actor, REASON, firm=True)
