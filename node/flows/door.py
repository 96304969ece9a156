"""The door that partners knock on: what a transport's server side calls, one method per call of the protocol."""

from node.flows import inbound, lookups, pulling, register_requests
from node.flows.ports import Node
from node.flows.upload_desk import UploadDesk
from node.model.collect import CollectRequest, CollectResponse
from node.model.describe import CallLimits, Description, ServedKind
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.lookup import LookupRequest, SealedAnswer
from node.model.receipt import DeliverResponse
from node.model.register_request import RegisterRequest
from node.wire import MAX_DOCUMENT_BYTES, MAX_ENVELOPES, MAX_REQUEST_BYTES, SERVED, UPLOAD

VERSIONS = ("n2n/v1",)


class Door:
    """Answers partners. Plain functions: servers call them in a thread; `caller` is who the TLS certificate proves."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lookups = lookups.Allowance()
        self._registers = register_requests.allowance()

    @property
    def uploads(self) -> UploadDesk | None:
        """Where uploads go; None where the way to the hub carries no files."""
        node = self._node
        return UploadDesk(node.uploads_in, node.capacity) if node.takes_uploads else None

    def deliver(self, caller: NodeCode, request: DeliverRequest) -> DeliverResponse:
        """One answer for each envelope, in order; what answers and checkpoint say is already stored."""
        return inbound.deliver(self._node, caller, request)

    def status(self, caller: NodeCode, request: StatusRequest) -> DeliverResponse:
        """One answer for each asked id, in order."""
        return inbound.status(self._node, caller, request)

    def collect(self, caller: NodeCode, request: CollectRequest) -> CollectResponse:
        """What waits for the caller, leased to it; nothing at once when nothing does. Raises CollectNotAgreed."""
        return pulling.collect(self._node, caller, request)

    def confirm(self, caller: NodeCode, response: DeliverResponse) -> int:
        """How many of the caller's answers settled or repeated something. Raises CollectNotAgreed."""
        return pulling.confirm(self._node, caller, response)

    def lookup(self, caller: NodeCode, request: LookupRequest, asked: bytes) -> SealedAnswer:
        """Our sealed answer, which is kept; raises TooManyLookups."""
        self._lookups.take(caller, self._node.clock.now())
        return lookups.answer(self._node, caller, request, asked)

    def request_register(self, caller: NodeCode, request: RegisterRequest) -> int:
        """The sequence of our register for the caller; lists follow as papers.

        Raises TooManyRegisterRequests, NotAgreed, ArrangementSuspended.
        """
        self._registers.take(caller, self._node.clock.now())
        return register_requests.take(self._node, caller, request)

    def describe(self, caller: NodeCode) -> Description:
        """What this node serves to `caller`; never a source of keys (protocol 1)."""
        node = self._node
        now = node.clock.now()
        return Description(
            node=node.code,
            versions=VERSIONS,
            kinds=tuple(
                ServedKind(kind.name, kind.version, Direction.IN in kind.directions, Direction.OUT in kind.directions)
                for kind in node.book.served(caller, now)
            ),
            suites=tuple(node.book.partner(caller).trust.suites),
            limits=CallLimits(MAX_REQUEST_BYTES, MAX_ENVELOPES, MAX_DOCUMENT_BYTES),
            server_time=now,
            calls=(*SERVED, UPLOAD) if node.takes_uploads else tuple(SERVED),
        )
