"""What papers do to registers and ledgers: judged before they are taken, done in the transaction that takes them.

Each effect has a handler. It is asked twice on the way in, like everything that other calls may change: when the paper
is judged, and again where it is stored.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from node.flows.operator_effects import OperatorEffects
from node.flows.unfit import Unfit
from node.model.effect import Effect
from node.model.exchange import Direction, Exchange
from node.model.ids import NodeCode
from node.model.operator_effect import OperatorEvent, OperatorList
from node.store.database import Tx


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


_OPERATORS = OperatorEffects()
_HANDLERS: Mapping[type[Effect], Handler] = {OperatorEvent: _OPERATORS, OperatorList: _OPERATORS}


def unfit(
    tx: Tx, partner: NodeCode, direction: Direction, effect: Effect, earlier: Sequence[Effect] = ()
) -> Unfit | None:
    """Why `effect` cannot happen; None when it can."""
    return _HANDLERS[type(effect)].unfit(tx, partner, direction, effect, earlier)


def apply(tx: Tx, done: Sequence[tuple[Exchange, Effect]], now: datetime) -> None:
    """Do the effects of papers just stored, in order."""
    for exchange, effect in done:
        _HANDLERS[type(effect)].apply(tx, exchange, effect, now)
