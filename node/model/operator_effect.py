"""What AEO status papers do to the operator register, and when what they say is news."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from node.model.effect import Effect
from node.model.ids import Digest, sha256
from node.model.operator import OperatorRecord, OperatorRemoval, OperatorStatus

Entry = OperatorRecord | OperatorRemoval
"""What a paper says of one operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPaper(Effect):
    """What events and lists share: whose operators, under which programme, number and time of issue of the paper."""

    authority: str
    programme: str
    number: str
    issued: datetime

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that it says of operators."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorEvent(OperatorPaper):
    """One operator changed, and the partner is told at once."""

    entry: Entry

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The one."""
        return (self.entry,)

    @property
    def is_urgent(self) -> bool:
        """A suspension or the end of a certificate clears or stops a container now; it waits for nothing."""
        return self.entry.status is not OperatorStatus.VALID


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorList(OperatorPaper):
    """A list: part `part` of `parts` of the baseline of that sequence, which has `total` operators, or a delta."""

    is_baseline: bool
    sequence: int
    part: int
    parts: int
    total: int
    records: tuple[OperatorRecord, ...]
    removals: tuple[OperatorRemoval, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Records and removals."""
        return (*self.records, *self.removals)


@dataclass(frozen=True, slots=True)
class HeldOperator:
    """What a register holds of an operator: see `store.operator_tables.OperatorRow`."""

    id: int
    certificate_number: str
    serial: int
    version: int
    content: Digest
    status: OperatorStatus
    issued: datetime
    forgotten_at: datetime | None


class News(Enum):
    """What an entry is to a register that holds something of that operator already, or nothing."""

    NEW = auto()
    """The operator was not known."""
    NEWER = auto()
    """It stands above what was known."""
    SAME = auto()
    """It says what is known."""
    OLDER = auto()
    """Something newer came before it."""
    NOTHING = auto()
    """An operator that nobody knows is removed."""
    CONTRADICTION = auto()
    """The version is known with other content: one of the two papers is wrong."""
    WITHOUT_CONSENT = auto()
    """The operator withdrew its consent after the day on which this says that it gave it."""


def content_of(record: OperatorRecord) -> Digest:
    """SHA-256 of what a record says."""
    return sha256(record.body.encode())


def news_of(entry: Entry, held: HeldOperator | None, issued: datetime) -> News:
    """What `entry` of a paper issued at `issued` is, beside what is `held` of the operator.

    Versions decide: an event may overtake a list, or a list an event, and the newer one stays. Where they do not say,
    the time of issue does.
    """
    if isinstance(entry, OperatorRemoval):
        return _removal(entry, held, issued)
    if held is None:
        return News.NEW
    if held.forgotten_at is not None:
        return _after_forgetting(entry, held, issued, held.forgotten_at)
    if entry.version != held.version:
        return News.NEWER if entry.version > held.version else News.OLDER
    if held.status.is_over:
        # It left the list and comes back as it was.
        return News.NEWER if issued > held.issued else News.OLDER
    return News.SAME if content_of(entry) == held.content else News.CONTRADICTION


def _removal(entry: OperatorRemoval, held: HeldOperator | None, issued: datetime) -> News:
    if held is None:
        return News.NEW if entry.forget else News.NOTHING
    if held.forgotten_at is not None:
        return News.SAME
    if entry.version is not None and entry.version != held.version:
        return News.NEWER if entry.version > held.version else News.OLDER
    return News.NEWER if issued >= held.issued else News.OLDER


def _after_forgetting(entry: OperatorRecord, held: HeldOperator, issued: datetime, forgotten_at: datetime) -> News:
    if entry.version <= held.version or issued <= held.issued:
        return News.OLDER
    if entry.consent_on is None or entry.consent_on < forgotten_at.date():
        return News.WITHOUT_CONSENT
    return News.NEWER
