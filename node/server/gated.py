"""A gRPC server behind the gate: what the partners' and the hub's listener have in common."""

import asyncio
from collections.abc import Callable
from typing import Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from node.errors import PortTaken
from node.server.callers import CallerOf, Gate, OnDefect, OnRefusal
from node.server.limits import Limits, Workers
from node.transport.tls import ServerIdentity
from node.wire import MAX_REQUEST_BYTES

CONCURRENT_STREAMS: Final = 32
"""Calls at once on one connection (security 2.8)."""

OPTIONS: Final[tuple[tuple[str, int], ...]] = (
    # A second server on the port must fail, not share it silently.
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", CONCURRENT_STREAMS),
    # A little above the protocol's own limit, so that one byte too many is refused by our code and not by gRPC's words.
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES + 1024),
    ("grpc.max_metadata_size", 8192),
    ("grpc.absolute_max_metadata_size", 8192),
    # Silent sockets and half-open connections go; an hour bounds how long a withdrawn certificate stays connected.
    ("grpc.server_handshake_timeout_ms", 3_000),
    ("grpc.max_connection_age_ms", 3_600_000),
    ("grpc.max_connection_age_grace_ms", 60_000),
    # Who reads nothing for this long is cut off, and with him what waits to be written to him.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Callers ping every 60 s; twice as often is still taken.
    ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class GatedServer:
    """Serves one service, with health and reflection. Made, listened on and started inside the running loop."""

    def __init__(
        self,
        service: str,
        handler: Callable[[Workers], grpc.GenericRpcHandler],
        identity: ServerIdentity,
        caller_of: CallerOf,
        on_refusal: OnRefusal,
        on_defect: OnDefect,
        limits: Limits,
    ) -> None:
        self._service = service
        self._identity = identity
        self._workers = Workers(limits.threads, limits.caller_threads)
        # No maximum_concurrent_rpcs: gRPC counts before anybody knows who calls, so strangers could use it up.
        self._server = grpc.aio.server(interceptors=[Gate(caller_of, on_refusal, on_defect, limits)], options=OPTIONS)
        self._server.add_generic_rpc_handlers((handler(self._workers),))
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((service, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)

    def listen(self, address: str) -> int:
        """Bind `host:port`, port 0 for any free one, and return the port; raises PortTaken."""
        try:
            port = self._server.add_secure_port(address, self._identity.credentials())
        except (RuntimeError, ValueError) as error:
            raise PortTaken(address=address, detail="it is in use or not an address of this machine") from error
        if port == 0:
            raise PortTaken(address=address, detail="it is in use or not an address of this machine")
        return port

    async def start(self) -> None:
        """Begin to answer."""
        await self._health.set(self._service, health_pb2.HealthCheckResponse.SERVING)
        await self._server.start()

    async def stop(self, grace_s: float) -> None:
        """Take no new calls, give those under way `grace_s` seconds, and wait for what is being stored."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)
        await asyncio.to_thread(self._workers.finish)
