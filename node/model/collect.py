"""What partners that cannot be called take home by themselves (protocol 1, Collect and Confirm)."""

from dataclasses import dataclass

from node.model.envelope import DeliverRequest, StatusRequest


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """Asks for at most `most` waiting envelopes; waits up to `wait_ms` milliseconds for the first of them."""

    most: int
    wait_ms: int
    known_checkpoint: bytes = b""


@dataclass(frozen=True, slots=True)
class CollectResponse:
    """Envelopes leased for `lease_ms` milliseconds, and questions about earlier ones; either may be absent."""

    papers: DeliverRequest | None
    status: StatusRequest | None
    lease_ms: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do for who asked."""
        return self.papers is None and self.status is None
