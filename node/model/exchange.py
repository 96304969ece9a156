"""The life of an exchange: one document on its way in one direction with one partner.

Every move is listed in MOVES; the store makes it by compare-and-set, so two workers cannot both win.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from node.errors import IllegalMove
from node.model.ids import ExchangeId, NodeCode


class Direction(StrEnum):
    """Seen from this node."""

    OUT = "out"
    IN = "in"


class Assurance(StrEnum):
    """`document`: the exact bytes carry their own XAdES. `batch`: the seal only (protocol 2)."""

    DOCUMENT = "document"
    BATCH = "batch"


class State(StrEnum):
    """Who moves an exchange into each state, and what a crash there means, stands beside it."""

    ACCEPTED = "ACCEPTED"
    """Outbound: on disk, the hub was told so. `accept` put it here; a crash changes nothing."""
    SEALED = "SEALED"
    """Outbound: header, metadata and content are fixed for ever. `seal` put it here."""
    UNRESOLVED = "UNRESOLVED"
    """Outbound: sent without a usable answer; the partner may or may not have it. Only a receipt ends this."""
    DELIVERED = "DELIVERED"
    """Outbound: the partner's signed ACCEPTED receipt is stored."""
    ANSWERED = "ANSWERED"
    """Either direction: the business answer of the receiving agency has travelled."""
    REFUSED = "REFUSED"
    """Outbound: the partner's signed REFUSED receipt is stored. Inbound: we issued one."""
    EXPIRED = "EXPIRED"
    """Outbound: never sent, or the partner's signed ABSENT after expires_at is stored."""
    CANCELLED = "CANCELLED"
    """Outbound: taken back by a human before it was sent, or with the partner's signed ABSENT."""
    PARKED = "PARKED"
    """Outbound: waits for a human; parked by one, or by the node when attempts were used up."""
    RECEIVED = "RECEIVED"
    """Inbound: stored with its receipt; the hub has not taken it yet."""
    HANDED_OVER = "HANDED_OVER"
    """Inbound: the hub has taken it."""


MOVES: dict[Direction, dict[State, frozenset[State]]] = {
    Direction.OUT: {
        State.ACCEPTED: frozenset({State.SEALED, State.PARKED, State.CANCELLED, State.EXPIRED}),
        State.SEALED: frozenset(
            {State.UNRESOLVED, State.DELIVERED, State.REFUSED, State.PARKED, State.CANCELLED, State.EXPIRED}
        ),
        State.UNRESOLVED: frozenset({State.DELIVERED, State.REFUSED, State.PARKED, State.CANCELLED, State.EXPIRED}),
        State.DELIVERED: frozenset({State.ANSWERED}),
        State.PARKED: frozenset(
            # A receipt that arrives late settles a parked exchange too; resuming goes back to where it was.
            {
                State.ACCEPTED,
                State.SEALED,
                State.UNRESOLVED,
                State.DELIVERED,
                State.REFUSED,
                State.CANCELLED,
                State.EXPIRED,
            }
        ),
    },
    Direction.IN: {
        State.RECEIVED: frozenset({State.HANDED_OVER, State.ANSWERED}),
        State.HANDED_OVER: frozenset({State.ANSWERED}),
    },
}
"""Every legal move. A state without a row is an end."""

BIRTH: dict[Direction, frozenset[State]] = {
    Direction.OUT: frozenset({State.ACCEPTED}),
    Direction.IN: frozenset({State.RECEIVED, State.HANDED_OVER, State.REFUSED}),
}
"""States an exchange may begin in. Inbound HANDED_OVER: the same paper came before and the hub has it."""


def may_move(direction: Direction, state: State, target: State) -> bool:
    """Whether MOVES lists the move."""
    return target in MOVES[direction].get(state, frozenset())


def require_move(direction: Direction, state: State, target: State) -> None:
    """Raise IllegalMove unless MOVES lists the move."""
    if not may_move(direction, state, target):
        raise IllegalMove(state=state, target=target)


def is_end(direction: Direction, state: State) -> bool:
    """Whether nothing can move an exchange in this state any more."""
    return not MOVES[direction].get(state)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One row of the exchange table, without bodies."""

    id: ExchangeId
    direction: Direction
    partner: NodeCode
    arrangement: str
    arrangement_version: int
    kind: str
    kind_version: int
    assurance: Assurance
    state: State
    priority: int
    issuer: str
    number: str
    version: str
    document_sha256: bytes
    created_at: datetime
    updated_at: datetime
    message_id: str | None = None
    leaf: bytes | None = None
    expires_at: datetime | None = None
    idempotency_key: str | None = None
    conversation_id: str = ""
    refers_to: str = ""
    first_cause: str = ""
    last_cause: str = ""
    follows: ExchangeId | None = None
    already_known: bool = False
