"""What papers do to registers and ledgers: judged before they are taken, done in the transaction that takes them.

Each effect has a handler. It is asked twice on the way in, like everything that other calls may change: when the paper
is judged, and again where it is stored. A kind whose papers change a ledger of ours on their way out hears how they
ended.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from node.flows import use_effects
from node.flows.dated_papers import DatedPapers
from node.flows.operator_effects import OperatorEffects
from node.flows.unfit import Handler, Settled, Unfit
from node.model.effect import Effect
from node.model.exchange import Direction, Exchange, State
from node.model.ids import NodeCode
from node.model.operator_effect import OperatorEvent, OperatorList
from node.model.retention_effect import RetainUntil
from node.model.uses import CertificateUse
from node.store.database import Tx

_OPERATORS = OperatorEffects()
_HANDLERS: Mapping[type[Effect], Handler] = {
    OperatorEvent: _OPERATORS,
    OperatorList: _OPERATORS,
    CertificateUse: use_effects.UseEffects(),
    RetainUntil: DatedPapers(),
}

_SETTLED: Mapping[str, Settled] = {
    use_effects.KIND: use_effects.settled,
}
"""By kind of paper."""


def unfit(
    tx: Tx, partner: NodeCode, direction: Direction, effect: Effect, earlier: Sequence[Effect] = ()
) -> Unfit | None:
    """Why `effect` cannot happen; None when it can."""
    return _HANDLERS[type(effect)].unfit(tx, partner, direction, effect, earlier)


def in_order(effect: Effect) -> bool:
    """Whether its register counts what comes, and so knows by itself whether a paper before this one is missing."""
    return isinstance(effect, OperatorList)


def apply(tx: Tx, done: Sequence[tuple[Exchange, Effect]], now: datetime) -> None:
    """Do the effects of papers just stored, in order."""
    for exchange, effect in done:
        _HANDLERS[type(effect)].apply(tx, exchange, effect, now)


def settled(tx: Tx, exchanges: Sequence[Exchange], target: State) -> None:
    """Papers of ours have just moved to `target`: the partner has taken them, or never will."""
    for exchange in exchanges:
        told = _SETTLED.get(exchange.kind)
        if told is not None:
            told(tx, exchange, target)
