"""What `effects` asks of each handler, and how a handler says no."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from node.errors import NodeError
from node.model.document import Finding
from node.model.effect import Effect
from node.model.exchange import Direction, Exchange, State
from node.model.ids import NodeCode
from node.store.database import Tx


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why the effect of a paper cannot happen: for ever, or (`waits`) not before another paper came.

    With `superseded` nothing is wrong: a later paper did already all that this one says, so it is taken without effect.
    """

    finding: Finding
    error: NodeError
    waits: bool = False
    superseded: bool = False


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


class Settled(Protocol):
    """What else is to be done once the partner has taken one of our papers of a kind, or never will."""

    def __call__(self, tx: Tx, exchange: Exchange, target: State) -> None:
        """`target` is DELIVERED, or REFUSED, EXPIRED or CANCELLED; the exchange has moved there already."""
        ...
