"""What passes between the node and the domestic hub."""

from collections.abc import Mapping
from dataclasses import dataclass

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
    """What became of an outbound paper, with the partner's findings where it was refused."""

    exchange: Exchange
    findings: tuple[Finding, ...] = ()


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
