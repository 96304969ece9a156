"""The life of a certificate, judged from the papers about it: in force on a day, as it was known at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum

from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode
from node.model.operator import OperatorStatus


class Life(StrEnum):
    """What a register says of a certificate or an operator."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    """Issued, but the day asked about lies before."""
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    """Another one took its place."""
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    CEASED = "ceased"
    """An operator that is no more."""
    MERGED = "merged"
    """An operator that became part of another."""
    UNLISTED = "unlisted"
    """An operator that a new complete list does not name any more, and nobody said why."""
    UNKNOWN = "unknown"
    """Nothing that the asker may know of."""


_ENDINGS = {life.value: life for life in (Life.REPLACED, Life.WITHDRAWN, Life.CANCELLED, Life.REVOKED)}
_NEVER_CAME = frozenset({State.REFUSED, State.EXPIRED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Filed:
    """One accepted paper as registers hold it; the days are those that the paper names."""

    exchange: ExchangeId
    partner: NodeCode
    direction: Direction
    kind: str
    issuer: str
    number: str
    version: str
    chain_number: str
    issued: str | None
    valid_until: str | None
    known_since: datetime
    """When the paper was committed here."""
    state: State

    @property
    def ending(self) -> Life | None:
        """How it ends its chain or its own number; None for a paper that makes something good."""
        return _ENDINGS.get(self.version)

    @property
    def counts(self) -> bool:
        """Whether it says anything.

        Ours that never came to the partner makes nothing good there. What it ends is ended all the same, as soon as
        our authority said so, unless that was called back.
        """
        if self.direction is Direction.IN:
            return True
        return self.state is not State.CANCELLED if self.ending else self.state not in _NEVER_CAME


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known of one certificate at a moment, and what that makes of it on a day."""

    first: Filed
    latest: Filed
    """The latest paper under its number."""
    life: Life
    since: datetime
    """Since when it is known to be so: when the paper came that made it so."""
    chain: tuple[Filed, ...]
    """Every paper of its chain that was known, oldest first."""

    @property
    def in_force(self) -> bool:
        """Authentic, and good on that day."""
        return self.life is Life.IN_FORCE


def judge(chain: Sequence[Filed], number: str, on: date, known_at: datetime) -> Certificate | None:
    """The certificate with that number in its chain, oldest paper first; None when nothing was known of it.

    A certificate that was withdrawn, cancelled, revoked or replaced is ended for every day, also for days before: its
    issuer says that nobody may rely on it. Who wants to know what one could know earlier asks with `known_at`.
    """
    known = tuple(one for one in chain if one.known_since <= known_at and one.counts)
    mine = [one for one in known if one.number == number]
    if not mine:
        return None
    first, latest = mine[0], mine[-1]
    found = Certificate(first, latest, Life.IN_FORCE, latest.known_since, known)
    ended = next((one for one in known if one.ending not in (None, Life.REPLACED)), None)
    if ended is not None and ended.ending is not None:
        return replace(found, life=ended.ending, since=ended.known_since)
    successor = next((one for one in known[known.index(first) :] if one.number != number), None)
    if latest.ending is not None or successor is not None:
        return replace(found, life=Life.REPLACED, since=(successor or latest).known_since)
    return replace(found, life=_on(latest, on.isoformat()))


def _on(paper: Filed, day: str) -> Life:
    """Days are written so that they sort as they follow one another."""
    if paper.issued is not None and day < paper.issued:
        return Life.NOT_YET
    return Life.EXPIRED if paper.valid_until is not None and day > paper.valid_until else Life.IN_FORCE


OPERATORS = "aeo_status"
"""The kind whose register holds operators and not certificates."""

OPERATOR_LIVES: Mapping[OperatorStatus, Life] = {
    OperatorStatus.VALID: Life.IN_FORCE,
    OperatorStatus.SUSPENDED: Life.SUSPENDED,
    OperatorStatus.REVOKED: Life.REVOKED,
    OperatorStatus.WITHDRAWN: Life.WITHDRAWN,
    OperatorStatus.EXPIRED: Life.EXPIRED,
    OperatorStatus.CEASED: Life.CEASED,
    OperatorStatus.MERGED: Life.MERGED,
    OperatorStatus.UNLISTED: Life.UNLISTED,
}
"""How an operator stands, in the words of all registers."""


def last_moment(day: date) -> datetime:
    """How an operator stands on a day is how it stands at the end of that day, UTC."""
    return datetime.combine(day, time.max, UTC)
