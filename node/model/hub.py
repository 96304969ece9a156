"""What passes between the node and the domestic hub."""

from collections.abc import Mapping
from dataclasses import dataclass

from node.model.answer import BusinessAnswer
from node.model.document import Finding, MediaType
from node.model.exchange import Exchange
from node.model.ids import NodeCode


@dataclass(frozen=True, slots=True)
class HubPaper:
    """An inbound paper for the domestic hub: exact bytes, and what the hub needs to file and answer it."""

    exchange: Exchange
    content: bytes
    media_type: MediaType
    fields: Mapping[str, str]


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
