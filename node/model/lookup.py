"""A question to a partner's register, and its sealed answer (protocol 1, Lookup)."""

from dataclasses import dataclass
from datetime import date, datetime

from node.model.certificate import Life
from node.model.envelope import Place, Seal


@dataclass(frozen=True, slots=True)
class Question:
    """Is it authentic and in force `on` a day, as known at a moment (None: now)?"""

    kind: str
    issuer: str
    number: str
    on: date
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """The question with 32 random bytes, so that its answer is an answer to it and to no other."""

    nonce: bytes
    question: Question


@dataclass(frozen=True, slots=True)
class QuantityLeft:
    """What may still be used of one item of a certificate: `left` is a decimal number, `measure` quantity or value."""

    item: str
    measure: str
    unit: str
    left: str


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """What a register says; `status` is a word of `Life`, or one of a later version.

    Unknown and not released look the same: UNKNOWN, and nothing else.
    """

    said_at: datetime
    status: str = Life.UNKNOWN.value
    valid_from: date | None = None
    valid_until: date | None = None
    status_since: datetime | None = None
    left: tuple[QuantityLeft, ...] = ()

    @property
    def in_force(self) -> bool:
        """Authentic, and in force on the day that was asked about."""
        return self.status == Life.IN_FORCE.value


@dataclass(frozen=True, slots=True)
class SealedAnswer:
    """A serialised LookupAnswer under a seal of purpose lookups."""

    answer: bytes
    seal: Seal
    place: Place
