"""What papers do to registers and ledgers: judged before they are taken, done in the transaction that takes them.

Each effect has a handler. It is asked twice on the way in, like everything that other calls may change: when the paper
is judged, and again where it is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from node.errors import NodeError
from node.model.document import Finding
from node.model.effect import Effect
from node.model.exchange import Direction, Exchange
from node.model.ids import NodeCode
from node.store.database import Tx


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why the effect of a paper cannot happen: for ever, or (`waits`) not before another paper came."""

    finding: Finding
    error: NodeError
    waits: bool = False


class Handler(Protocol):
    """How effects of one class are judged and done. `direction` says whose register it is: IN is the partner's."""

    def unfit(
        self, tx: Tx, partner: NodeCode, direction: Direction, effect: Effect, earlier: Sequence[Effect]
    ) -> Unfit | None:
        """Why it cannot happen, None when it can. `earlier` were taken before it in the same call and not yet done."""
        ...

    def apply(self, tx: Tx, exchange: Exchange, effect: Effect, now: datetime) -> None:
        """Do it. `exchange` brings the paper, or takes it out; it is stored already."""
        ...


_HANDLERS: Mapping[type[Effect], Handler] = {}


def unfit(
    tx: Tx, partner: NodeCode, direction: Direction, effect: Effect, earlier: Sequence[Effect] = ()
) -> Unfit | None:
    """Why `effect` cannot happen; None when it can."""
    return _HANDLERS[type(effect)].unfit(tx, partner, direction, effect, earlier)


def apply(tx: Tx, done: Sequence[tuple[Exchange, Effect]], now: datetime) -> None:
    """Do the effects of papers just stored, in order."""
    for exchange, effect in done:
        _HANDLERS[type(effect)].apply(tx, exchange, effect, now)
