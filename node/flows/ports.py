"""What the flows ask of the world: a way to a partner, a hub to give papers to, somebody to tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from node.clock import Clock
from node.crypto.keys import OwnKeys
from node.crypto.trust import PartnerTrust
from node.errors import NodeError
from node.model.describe import Description
from node.model.document import Finding
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.exchange import Exchange
from node.model.hub import HubPaper
from node.model.ids import NodeCode, Randomness
from node.model.job import Circumstances, Job, NextTry
from node.model.receipt import DeliverResponse, KeyStatement
from node.profiles.book import Book
from node.profiles.profile import RetryPolicy
from node.store.database import Database


class Transport(Protocol):
    """The way to one partner: one call, one try, the truth about how it went (DeliveryError)."""

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> DeliverResponse:
        """Send envelopes; the partner's answers in any order of its choosing, not yet judged."""
        ...

    async def status(self, request: StatusRequest, deadline_s: float) -> DeliverResponse:
        """Ask what became of our papers."""
        ...

    async def describe(self, deadline_s: float) -> Description:
        """Ask what the partner serves."""
        ...

    async def healthy(self, deadline_s: float) -> bool:
        """Whether the partner's health service says SERVING."""
        ...

    async def close(self) -> None:
        """Let the connection go."""
        ...


class Hub(Protocol):
    """The domestic hub, however it is reached. Both calls are safe to repeat."""

    def hand_over(self, paper: HubPaper) -> None:
        """Give an inbound paper; returns when the hub has it. Raises HubUnavailable."""
        ...

    def report(self, exchange: Exchange, findings: tuple[Finding, ...]) -> None:
        """Tell what became of an outbound paper. Raises HubUnavailable."""
        ...


Decide = Callable[[Job, NodeError, RetryPolicy, Circumstances], NextTry]
"""`jobs.retry.decide`, handed in because jobs and flows are neighbours."""


class Reporter(Protocol):
    """Where named actions are reported; never payload, never secrets."""

    def __call__(self, action: str, /, **fields: object) -> None:
        """Report `action` with small fields."""
        ...


@dataclass(frozen=True, slots=True)
class Node:
    """Everything a flow works with. Built once by wiring; nothing in it changes while the node runs but the store."""

    code: NodeCode
    store: Database
    book: Book
    keys: OwnKeys
    own_trust: PartnerTrust
    statement: KeyStatement
    clock: Clock
    random: Randomness
    decide: Decide
    report: Reporter
    wake: Callable[[], None]
    batch_bytes: int

    def luck(self) -> float:
        """A random number from 0 (inclusive) to 1 (exclusive), for jitter."""
        return int.from_bytes(self.random(4), "big") / 2**32


@dataclass(frozen=True, slots=True)
class ActorName:
    """Who does something: a name and which sort of actor it is, for the audit table."""

    name: str
    kind: str
