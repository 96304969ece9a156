"""An authorised economic operator as registers hold it: what papers say of one, and how it stood at a moment."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from node.model.exchange import Direction
from node.model.ids import ExchangeId, NodeCode
from node.model.operator_key import OperatorKey


class OperatorStatus(StrEnum):
    """How an operator stands. Only VALID gives the benefits of mutual recognition."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    """The operator gave its certificate up."""
    EXPIRED = "expired"
    CEASED = "ceased"
    MERGED = "merged"
    UNLISTED = "unlisted"
    """A new complete list does not name it any more, and nobody said why."""

    @property
    def is_over(self) -> bool:
        """Whether the operator left the register of those that are told of."""
        return self not in (OperatorStatus.VALID, OperatorStatus.SUSPENDED, OperatorStatus.REVOKED)


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """What a paper says of an operator, as it stands from `effective` on.

    `body` is the whole record of the paper as JSON with sorted names; `keys` are the codes that it is searched by.
    `version` counts up with every change of the record; `consent_on` is the day of its consent to the partner.
    """

    certificate_number: str
    status: OperatorStatus
    reason: str
    effective: datetime
    valid_until: date | None
    version: int
    consent_on: date | None
    body: str
    keys: tuple[OperatorKey, ...]


@dataclass(frozen=True, slots=True)
class OperatorRemoval:
    """An operator that leaves the register; with `forget` everything told of it is deleted (consent was withdrawn).

    `version` is None where the paper counts none: then it stands above whatever was told before it was issued.
    """

    certificate_number: str
    status: OperatorStatus
    reason: str
    effective: datetime
    version: int | None = None
    forget: bool = False


@dataclass(frozen=True, slots=True)
class OperatorDetails:
    """What is shown of an operator, of all that its record says: its names in Latin and in local letters.

    Texts that nobody told are empty.
    """

    name: str
    name_local: str
    certified_on: date | None


@dataclass(frozen=True, slots=True)
class OperatorState:
    """One version of an operator in the register between us and `partner`.

    In force from `effective`; known to us from `known_from` until before `known_to` (None: still). `status` is that of
    the moment that was asked about, so a certificate past its `valid_until` is EXPIRED; `status_told` is the version's
    own. `exchange` brought it, `list_sequence` is the list that it came by (None: an event), `record` the record itself
    as JSON.
    """

    partner: NodeCode
    direction: Direction
    authority: str
    programme: str
    certificate_number: str
    status: OperatorStatus
    status_told: OperatorStatus
    reason: str
    effective: datetime
    known_from: datetime
    known_to: datetime | None
    valid_until: date | None
    version: int
    exchange: ExchangeId
    list_sequence: int | None
    details: OperatorDetails
    record: str

    @property
    def in_force(self) -> bool:
        """Whether it has the benefits of an authorised operator."""
        return self.status is OperatorStatus.VALID


@dataclass(frozen=True, slots=True)
class RegisterState:
    """How far a register of lists has come: `sequence` is the last complete list (None: none yet).

    `incoming` is the baseline whose parts are coming in, with `parts_held` of `parts`; `gap` the sequence of a delta
    that came without the lists before it, the first at `gap_since`.
    """

    partner: NodeCode
    direction: Direction
    authority: str
    programme: str
    sequence: int | None
    list_number: str
    operators: int
    incoming: int | None
    parts: int
    parts_held: int
    gap: int | None
    gap_since: datetime | None
    updated_at: datetime
