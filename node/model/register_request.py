"""Registers that are asked for: what is asked, and where each request stands (protocol 1, RequestRegister)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from node.model.exchange import Direction
from node.model.ids import NodeCode


@dataclass(frozen=True, slots=True)
class RegisterRequest:
    """Asks for the lists of `kind` after the sequence `after`; 0 asks for a complete list."""

    kind: str
    after: int = 0


class RequestState(StrEnum):
    """Where a request stands."""

    UNANSWERED = "unanswered"
    """The partner was asked and has not said anything."""
    OPEN = "open"
    """The request was taken, and the lists have not come."""
    DONE = "done"
    """The lists were handed in here, for the partner; or came from it."""


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request by the partner (direction IN) or by us (OUT).

    `sequence` is what was answered: None until it was, 0 where the asked node had no list. Lists came at `done_at`.
    """

    id: int
    partner: NodeCode
    direction: Direction
    kind: str
    after: int
    asked_at: datetime
    sequence: int | None
    done_at: datetime | None

    @property
    def state(self) -> RequestState:
        """Where it stands."""
        if self.done_at is not None:
            return RequestState.DONE
        return RequestState.UNANSWERED if self.sequence is None else RequestState.OPEN
