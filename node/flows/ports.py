"""What the flows ask of the world: a way to a partner, a hub to give papers to, somebody to tell."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from node.clock import Clock
from node.crypto.keys import OwnKeys
from node.crypto.trust import PartnerTrust
from node.errors import NodeError
from node.flows.capacity import Capacity
from node.model.collect import CollectRequest, CollectResponse
from node.model.describe import Description
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.hub import FromHub, HandedAnswer, HandedIn, HubPaper, HubReport
from node.model.ids import NodeCode, Randomness
from node.model.job import Circumstances, Job, NextTry
from node.model.lookup import SealedAnswer
from node.model.receipt import DeliverResponse, KeyStatement
from node.model.register_request import RegisterRequest
from node.model.upload import Chunk, UploadProgress
from node.profiles.book import Book
from node.profiles.profile import RetryPolicy
from node.store.database import Database
from node.store.upload_files import UploadFiles


class Transport(Protocol):
    """The way to one partner: one call, one try, the truth about how it went (DeliveryError)."""

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> DeliverResponse:
        """Send envelopes; the partner's answers in any order of its choosing, not yet judged."""
        ...

    async def status(self, request: StatusRequest, deadline_s: float) -> DeliverResponse:
        """Ask what became of our papers."""
        ...

    async def collect(self, request: CollectRequest, deadline_s: float) -> CollectResponse:
        """Take what waits for us at the partner; not yet judged."""
        ...

    async def confirm(self, response: DeliverResponse, deadline_s: float) -> int:
        """Bring our answers to what we took; how many the partner took."""
        ...

    async def lookup(self, asked: bytes, deadline_s: float) -> SealedAnswer:
        """Ask the partner's register; `asked` are the bytes of a LookupRequest, the answer is not yet judged."""
        ...

    async def request_register(self, request: RegisterRequest, deadline_s: float) -> int:
        """Ask for lists of a register, which come as papers; the sequence that the partner has reached."""
        ...

    async def upload(self, chunks: Iterable[Chunk], deadline_s: float) -> UploadProgress:
        """Bring pieces of one content, taken from `chunks` one at a time; how much the partner holds then."""
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
    """A domestic hub that is given things, however it is reached. Every call is safe to repeat.

    They take what is due together, so that a hub may carry it together; one answer for each, in the same order: None
    once the hub has it for good, else why it does not (HubError). One that fails never spoils the others.
    """

    def hand_over(self, papers: Sequence[HubPaper]) -> Sequence[NodeError | None]:
        """Give inbound papers."""
        ...

    def report(self, reports: Sequence[HubReport]) -> Sequence[NodeError | None]:
        """Tell what became of outbound papers, and what the partner's agencies decided about them."""
        ...


class HubSource(Protocol):
    """A domestic hub that is asked: outbound papers and business answers wait there until they are fetched.

    What waits is offered again until `taken` or `refused` was said of it; both may be said again after a crash. A paper
    is named by (partner, name): the same name with the same bytes is the same submission.
    """

    def waiting(self) -> Sequence[HandedIn]:
        """Papers to send, in the order they were handed in, a batch at most. Raises HubError."""
        ...

    def answers(self) -> Sequence[HandedAnswer]:
        """Business answers to send, in order, a batch at most. Raises HubError."""
        ...

    def taken(self, item: FromHub, exchange: str) -> None:
        """The node has committed `item` as that exchange; said only after the commit. Raises HubError."""
        ...

    def refused(self, item: FromHub, error: NodeError) -> None:
        """The node will not take `item`, and why. Raises HubError."""
        ...

    def put_off(self, item: FromHub) -> None:
        """The node cannot take `item` yet, for no fault of its own: offer others first."""
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
    capacity: Capacity
    uploads_out: UploadFiles
    uploads_in: UploadFiles
    takes_uploads: bool
    """Whether partners may upload: the way to the hub must carry files."""
    shared_accounts: bool = False
    """Whether two names from one account are two people (docs/profiles.md, `[people]`)."""
    hub_pushed: bool = True
    """Whether the hub is given things; a hub that watches us needs no jobs for that."""
    hub_guarded: frozenset[str] = frozenset()
    """Guarded kinds that a hub which is given things has the right to."""

    def luck(self) -> float:
        """A random number from 0 (inclusive) to 1 (exclusive), for jitter."""
        return int.from_bytes(self.random(4), "big") / 2**32


@dataclass(frozen=True, slots=True)
class ActorName:
    """Who does something: a name and which sort of actor it is, for the audit table."""

    name: str
    kind: str
