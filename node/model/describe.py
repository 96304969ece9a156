"""What a node says about itself to a partner: for tests and ladders, never a source of keys (protocol 1, Describe)."""

from dataclasses import dataclass
from datetime import datetime

from node.model.ids import NodeCode


@dataclass(frozen=True, slots=True)
class ServedKind:
    """A kind under an arrangement with the asking partner: whether it may send it, and whether we may."""

    kind: str
    kind_version: int
    accepts: bool
    sends: bool


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Limits in force: bytes of a request, envelopes in it, bytes of an inline document."""

    request_bytes: int
    envelopes: int
    document_bytes: int


@dataclass(frozen=True, slots=True)
class Description:
    """The answer to Describe; `server_time` is the answering node's clock."""

    node: NodeCode
    versions: tuple[str, ...]
    kinds: tuple[ServedKind, ...]
    suites: tuple[str, ...]
    limits: CallLimits
    server_time: datetime
    calls: tuple[str, ...]
