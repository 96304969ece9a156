"""Somebody who knocks at a node with what others made: a replay, and forgeries under a genuine seal.

with Impostor(home, victim) as impostor:
    impostor.replay()       # answered with the stored receipt
    impostor.forge()        # turned away
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from node.crypto.seal import body_digest, paper_leaf
from node.errors import NodeError, Unexpected
from node.flows import calls
from node.model.envelope import DeliverRequest
from node.model.exchange import Direction, Exchange, State
from node.model.ids import ExchangeId, MessageId, NodeCode, uuid7
from node.model.job import Job, Verb
from node.model.receipt import Answer, SignedReceipt
from node.settings import load_settings
from node.store import exchanges, queries
from node.store import receipts as stored
from node.wire import header_from_bytes, header_to_bytes
from node.wiring import Wired, wire

FORGERIES = 2
"""An altered header, and an altered document, each under an untouched seal."""


class Impostor:
    """Somebody inside a node's network who holds its TLS key, but may neither sign nor be believed."""

    def __init__(self, home: Path, victim: NodeCode) -> None:
        self._wired: Wired = wire(load_settings(home, {}))
        self._victim = victim

    def __enter__(self) -> "Impostor":
        return self

    def __exit__(self, *_: object) -> None:
        self._wired.close()

    def replay(self) -> int:
        """Send an envelope that was accepted before; how many answers were the stored receipt, byte for byte."""
        exchange, before = self._delivered()
        answers = self._send(self._request(self._consignment(exchange)))
        return sum(
            isinstance(one.outcome, SignedReceipt) and one.outcome.repeat and one.outcome.receipt == before.receipt
            for one in answers
        )

    def forge(self) -> int:
        """Send the same seal over an altered header, then over an altered document; how many were not accepted."""
        exchange, _ = self._delivered()
        real = self._consignment(exchange)
        document = real.document.replace(exchange.number.encode(), exchange.number.encode()[::-1])
        digest = body_digest(real.sealed.salt, real.sealed.metadata, document)
        forgeries = (
            replace(real, sealed=_releafed(replace(real.sealed, header=_another_id(real.sealed.header)))),
            replace(real, document=document, sealed=_releafed(replace(real.sealed, body_digest=digest))),
        )
        answers = [answer for forged in forgeries for answer in self._send(self._request(forged))]
        return sum(not isinstance(answer.outcome, SignedReceipt) for answer in answers)

    def _request(self, consignment: calls.Consignment) -> DeliverRequest:
        node = self._wired.node
        (cargo,) = calls.cargoes(node, node.book.partner(consignment.exchange.partner), [consignment])
        return calls.encrypt(node, cargo)

    def _delivered(self) -> tuple[Exchange, SignedReceipt]:
        """A delivered exchange, and the receipt it got."""
        node = self._wired.node
        wanted = queries.ExchangeFilter(direction=Direction.OUT, states=frozenset({State.DELIVERED}), limit=1)
        exchange = node.store.read(lambda tx: queries.list_exchanges(tx, wanted))[0]
        return exchange, node.store.read(lambda tx: stored.received(tx, [exchange.id]))[exchange.id]

    def _consignment(self, exchange: Exchange) -> calls.Consignment:
        node = self._wired.node
        ids = [exchange.id]
        sealed = node.store.read(lambda tx: exchanges.sealed(tx, ids))[exchange.id]
        document = node.store.read(lambda tx: exchanges.documents(tx, ids))[exchange.id]
        now = node.clock.now()
        job = Job(str(exchange.id), ExchangeId(exchange.id), exchange.partner, Verb.DELIVER, now, 1, 0, now)
        return calls.Consignment(job, exchange, sealed, document.content, exchange.expires_at or now)

    def _send(self, request: DeliverRequest) -> Sequence[Answer]:
        async def once() -> Sequence[Answer]:
            transport = self._wired.transport_to(self._victim)
            try:
                return (await transport.deliver(request, deadline_s=10)).answers
            finally:
                await transport.close()

        try:
            return asyncio.run(once())
        except NodeError as error:
            raise Unexpected(detail=f"the call itself failed: {error.code}") from error


def _another_id(header: bytes) -> bytes:
    """The header with a message id that was never sealed."""
    real = header_from_bytes(header)
    return header_to_bytes(replace(real, message_id=MessageId(uuid7(real.created_at, secrets.token_bytes))))


def _releafed(sealed: exchanges.StoredSealed) -> exchanges.StoredSealed:
    """What a forger would claim: the leaf of the forged header and digest, under the old seal and path."""
    return replace(sealed, leaf=paper_leaf(sealed.header, sealed.body_digest))
