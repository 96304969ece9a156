"""The Hub service over gRPC: own listener, own trust, domestic systems only (protocol 1)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Final, TypeVar

import grpc
from grpc.aio import ServicerContext

from node.documents.findings import reason_of
from node.errors import CallerUnknown, NodeError, Unexpected
from node.flows.hub_desk import HubDesk
from node.model.certificate import OPERATORS
from node.model.hub import HubClient
from node.model.hub_registers import AskPartner, OperatorAnswer, OperatorQuestion, Told
from node.model.ids import NodeCode
from node.model.lookup import Question
from node.server.bell import Bell
from node.server.callers import CALLER, FINGERPRINT, OnDefect, OnRefusal
from node.server.gated import GatedServer
from node.server.limits import Limits, Workers
from node.transport.tls import ServerIdentity
from node.wire import hub_registers, hub_requests, hub_responses

SERVICE: Final = "n2n.v1.Hub"

POLL_S: Final = 0.5
"""How often a feed is looked at unrung: other processes, such as the command line, commit without ringing."""

PAUSE_S: Final = 0.02
"""Rings of this time are heard as one: under load a feed is read in pages and not paper by paper."""

T = TypeVar("T")
Clients = Callable[[], Mapping[str, HubClient]]
"""Who may call now, by SHA-256 of the certificate's DER in lower-case hex."""

_Context = ServicerContext[bytes, bytes]


class HubServer(GatedServer):
    """Serves a desk to domestic systems."""

    def __init__(
        self,
        desk: HubDesk,
        bell: Bell,
        identity: ServerIdentity,
        clients: Clients,
        ask_partner: AskPartner,
        on_refusal: OnRefusal,
        on_defect: OnDefect,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
    ) -> None:
        self._bell = bell

        def handler(workers: Workers) -> grpc.GenericRpcHandler:
            return _Calls(desk, bell, workers, clients, ask_partner, on_defect).handler()

        def caller_of(fingerprint: str) -> HubClient:
            return _enrolled(clients(), fingerprint)

        super().__init__(SERVICE, handler, identity, caller_of, on_refusal, on_defect, limits)

    async def start(self) -> None:
        """Begin to answer."""
        self._bell.open()
        await super().start()

    async def stop(self, grace_s: float) -> None:
        """As any server; feeds end at once, and their watchers go on elsewhere or later from their cursors."""
        self._bell.stop()
        await super().stop(grace_s)


def _enrolled(clients: Mapping[str, HubClient], fingerprint: str) -> HubClient:
    client = clients.get(fingerprint)
    if client is None:
        raise CallerUnknown
    return client


class _Calls:
    """The calls of the service, bytes in and bytes out; the gate refuses the others."""

    def __init__(
        self,
        desk: HubDesk,
        bell: Bell,
        workers: Workers,
        clients: Clients,
        ask_partner: AskPartner,
        on_defect: OnDefect,
    ) -> None:
        self._desk = desk
        self._bell = bell
        self._workers = workers
        self._clients = clients
        self._ask_partner = ask_partner
        self._on_defect = on_defect

    def handler(self) -> grpc.GenericRpcHandler:
        """For a gRPC server."""
        once: Mapping[str, Callable[[HubClient, bytes], bytes]] = {
            "Submit": self._submit,
            "AcknowledgeInbound": self._acknowledge,
            "Answer": self._answer,
            "GetExchange": self._get_exchange,
            "Trace": self._trace,
        }
        streams: Mapping[str, Callable[[bytes, _Context], AsyncIterator[bytes]]] = {
            "WatchInbound": self._watch_inbound,
            "WatchStatus": self._watch_status,
        }
        handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            call: grpc.unary_unary_rpc_method_handler(self._served(call, serve)) for call, serve in once.items()
        }
        handlers["LookupOperator"] = grpc.unary_unary_rpc_method_handler(self._lookup_operator)
        for call, watch in streams.items():
            handlers[call] = grpc.unary_stream_rpc_method_handler(watch)
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    def _served(
        self, call: str, serve: Callable[[HubClient, bytes], bytes]
    ) -> Callable[[bytes, _Context], Awaitable[bytes]]:
        async def answer(request: bytes, context: _Context) -> bytes:
            # A cancelled call does not stop the thread: what it commits stands, and the same key tells what it was.
            return await self._do(call, partial(serve, self._client(), request))

        return answer

    def _client(self) -> HubClient:
        """Whom the gate admitted, with the rights of now: a feed ends when its reader's certificate is struck off."""
        return _enrolled(self._clients(), FINGERPRINT.get())

    async def _do(self, call: str, work: Callable[[], T]) -> T:
        return await self._workers.run(CALLER.get(), partial(self._guarded, call, work))

    def _guarded(self, call: str, work: Callable[[], T]) -> T:
        try:
            return work()
        except NodeError:
            raise
        except Exception as error:
            # Told here, in the thread: a caller who hung up would otherwise take the defect along.
            self._on_defect(call, error)
            raise Unexpected() from error

    def _submit(self, client: HubClient, request: bytes) -> bytes:
        papers = hub_requests.submit_request_from_bytes(request)
        outcomes = self._desk.submit(client, papers)
        return hub_responses.submit_response_to_bytes(
            [(paper.key, outcome) for paper, outcome in zip(papers, outcomes, strict=True)], reason_of
        )

    def _acknowledge(self, client: HubClient, request: bytes) -> bytes:
        ids = hub_requests.acknowledge_request_from_bytes(request)
        return hub_responses.acknowledgement_to_bytes(self._desk.acknowledge(client, ids))

    def _answer(self, client: HubClient, request: bytes) -> bytes:
        exchange, decided = hub_requests.answer_request_from_bytes(request)
        return hub_responses.answer_response_to_bytes(self._desk.answer(client, exchange, decided), reason_of)

    def _get_exchange(self, client: HubClient, request: bytes) -> bytes:
        question = hub_requests.get_exchange_request_from_bytes(request)
        return hub_responses.exchange_view_to_bytes(self._desk.exchange(client, question), reason_of)

    def _trace(self, client: HubClient, request: bytes) -> bytes:
        found = self._desk.trace(client, hub_registers.trace_request_from_bytes(request))
        return hub_registers.trace_to_bytes(
            [(one.exchange, one.ucrs) for one in found.exchanges], complete=found.complete
        )

    async def _lookup_operator(self, request: bytes, context: _Context) -> bytes:
        """Our register first, in a thread; a partner is asked on the loop, as all speaking over networks."""
        client = self._client()
        question = hub_registers.lookup_operator_request_from_bytes(request)
        found = await self._do("LookupOperator", partial(self._desk.operators, client, question))
        asked = await self._asked(client, question) if question.ask_partner else None
        return hub_registers.operator_answer_to_bytes(OperatorAnswer(found, asked), reason_of)

    async def _asked(self, client: HubClient, question: OperatorQuestion) -> Told | NodeError | None:
        if question.partner is None:
            return None
        day = question.on or self._desk.today()
        asked = Question(OPERATORS, question.authority, question.code, day, question.known_at)
        try:
            return await self._ask_partner(question.partner, asked, client.code)
        except NodeError as error:
            return error

    # One page is in memory at a time: gRPC takes the next one only when the reader has room for it.

    async def _watch_inbound(self, request: bytes, context: _Context) -> AsyncIterator[bytes]:
        places: Mapping[NodeCode, int] = hub_requests.watch_inbound_request_from_bytes(request)
        last: NodeCode | None = None
        with self._bell.watched():
            while not self._bell.stopped:
                ear = self._bell.ear()
                look = partial(self._inbound, self._client(), places, last)
                data, places, last, more = await self._do("WatchInbound", look)
                if data:
                    yield data
                if not more:
                    await self._rest(ear)

    def _inbound(
        self, client: HubClient, places: Mapping[NodeCode, int], last: NodeCode | None
    ) -> tuple[bytes, Mapping[NodeCode, int], NodeCode | None, bool]:
        page = self._desk.inbound(client, places, last)
        if not page.papers:
            return b"", page.places, last, page.more
        data = hub_responses.inbound_papers_to_bytes(page.papers, page.places)
        return data, page.places, page.papers[0].exchange.partner, page.more

    async def _watch_status(self, request: bytes, context: _Context) -> AsyncIterator[bytes]:
        after = hub_requests.watch_status_request_from_bytes(request)
        with self._bell.watched():
            while not self._bell.stopped:
                ear = self._bell.ear()
                look = partial(self._moves, self._client(), after)
                data, number, more = await self._do("WatchStatus", look)
                if data:
                    yield data
                elif after is None:
                    yield hub_responses.status_changes_to_bytes((), number)
                after = number
                if not more:
                    await self._rest(ear)

    def _moves(self, client: HubClient, after: int | None) -> tuple[bytes, int, bool]:
        page = self._desk.moves(client, after)
        data = hub_responses.status_changes_to_bytes(page.moves, page.number) if page.moves else b""
        return data, page.number, page.more

    async def _rest(self, ear: asyncio.Event) -> None:
        """Until something was committed."""
        await self._bell.heard(ear, POLL_S)
        if not self._bell.stopped:
            await asyncio.sleep(PAUSE_S)
