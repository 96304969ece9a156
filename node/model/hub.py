"""What passes between the node and the domestic hub."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from node.model.answer import BusinessAnswer
from node.model.attached import GivenFile, HandedFile
from node.model.control_kinds import KEY_STATEMENT
from node.model.document import Finding, MediaType
from node.model.evidence import EvidenceFact
from node.model.exchange import Exchange, State
from node.model.guarded import GUARDED
from node.model.ids import ExchangeId, NodeCode
from node.model.receipt import Receipt


@dataclass(frozen=True, slots=True)
class HubPaper:
    """An inbound paper for the domestic hub: exact bytes, and what the hub needs to file and answer it."""

    exchange: Exchange
    content: bytes
    media_type: MediaType
    fields: Mapping[str, str]
    attachments: tuple[GivenFile, ...] = ()


@dataclass(frozen=True, slots=True)
class HubReport:
    """What became of an outbound paper: the partner's findings where it was refused, its agency's decision if known."""

    exchange: Exchange
    findings: tuple[Finding, ...] = ()
    answer: BusinessAnswer | None = None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A paper the hub wants sent: exact bytes, for whom, and the hub's own name for it."""

    name: str
    partner: NodeCode
    content: bytes
    attachments: tuple[HandedFile, ...] = ()

    @property
    def key(self) -> str:
        """Idempotency key: the same name for the same partner is the same submission."""
        return f"{self.partner}/{self.name}"


@dataclass(frozen=True, slots=True)
class HandedAnswer:
    """An agency's decision about an inbound paper: which exchange it answers, and the hub's own name for the answer."""

    name: str
    partner: NodeCode
    exchange: str
    answer: BusinessAnswer


FromHub = HandedIn | HandedAnswer
"""What is fetched from a hub that is asked."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Of which kinds somebody may know: `only` these (none named: all), and `never` those."""

    only: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()

    def has(self, kind: str) -> bool:
        """Whether this kind may be known of."""
        return kind not in self.never and (not self.only or kind in self.only)


EVERYTHING = Sight()
"""Who sits at the node itself."""


@dataclass(frozen=True, slots=True)
class HubClient:
    """A domestic system that calls us, as its certificate proves; `kinds` are those it may handle.

    None named: all but the guarded ones, which are only given to who is named for them.
    """

    code: str
    kinds: frozenset[str] = frozenset()

    def may_handle(self, kind: str) -> bool:
        """Whether papers of this kind are its business."""
        return kind in self.kinds or (not self.kinds and kind not in GUARDED)

    def may_see(self, kind: str) -> bool:
        """The same without what nodes tell each other about their keys, which no hub may see."""
        return self.sight.has(kind)

    @property
    def sight(self) -> Sight:
        """The kinds that it may see."""
        return Sight(self.kinds, frozenset({KEY_STATEMENT}) if self.kinds else GUARDED | {KEY_STATEMENT})


@dataclass(frozen=True, slots=True)
class HubSubmission:
    """A paper that a hub hands in by calling us; `key` is its own name for this act."""

    key: str
    partner: NodeCode
    kind: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class HubTaken:
    """What was handed in is on disk as this exchange; `before` when it was there already."""

    exchange: ExchangeId
    before: bool


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Which papers the hub has now, and which names were none of its papers."""

    acknowledged: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExchangeQuestion:
    """Which exchange the hub asks about: exactly one of the two is given."""

    exchange: ExchangeId | None
    key: str | None


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One exchange as the hub may see it; `key` is the asking client's own, empty when another handed it in."""

    exchange: Exchange
    key: str
    timeline: tuple[EvidenceFact, ...]
    receipt: Receipt | None
    answer: BusinessAnswer | None
    carrier: ExchangeId | None


@dataclass(frozen=True, slots=True)
class StatusMove:
    """One move of a paper of ours; `answer` with ANSWERED."""

    exchange: ExchangeId
    key: str
    partner: NodeCode
    kind: str
    state: State
    cause: str
    moment: datetime
    answer: BusinessAnswer | None
