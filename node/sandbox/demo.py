"""The demonstration: two national nodes as real processes, a partner that is away, a replay, two forgeries.

result = run(folder, progress)        # folder: new or empty; progress: told what happens
result.ok                             # every claim held
"""

import asyncio
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from node.clock import SystemClock
from node.crypto.seal import body_digest, paper_leaf
from node.documents import samples
from node.errors import NodeError, Unexpected
from node.flows import calls
from node.model.document import MediaType
from node.model.envelope import DeliverRequest
from node.model.exchange import Direction, Exchange, State
from node.model.ids import ExchangeId, MessageId, NodeCode, uuid7
from node.model.job import Job, Verb
from node.model.receipt import Answer, SignedReceipt, Verdict
from node.sandbox import dev_pki
from node.sandbox.homes import furnish_home
from node.sandbox.processes import NodeProcess, free_port
from node.settings import load_settings
from node.store import exchanges, queries
from node.store import receipts as stored
from node.store.database import Database
from node.wire import header_from_bytes, header_to_bytes, receipt_from_bytes
from node.wiring import Wired, wire

XA, XB = NodeCode("XA"), NodeCode("XB")

SETTLE_S = 20
"""All papers of the demonstration are across within about two seconds; this is when it stops hoping."""

LATE_KINDS = ("phytosanitary_certificate", "certificate_of_origin")
"""Kinds of the papers that wait for the partner."""

KINDS = ("phytosanitary_certificate", "certificate_of_origin", "aeo_status", "inspection_result")


@dataclass(frozen=True, slots=True)
class Crossing:
    """One paper of the demonstration, as its sender's node knows it at the end."""

    kind: str
    number: str
    sender: NodeCode
    recipient: NodeCode
    assurance: str
    state: State
    receipt: bool
    handed_over: bool

    @property
    def ok(self) -> bool:
        """Delivered, receipted, and with the recipient's hub."""
        return self.state is State.DELIVERED and self.receipt and self.handed_over


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was shown."""

    crossings: tuple[Crossing, ...]
    waited: int
    refused: int
    repeated: int
    seconds: float
    folder: Path

    @property
    def ok(self) -> bool:
        """Everything the demonstration claims held."""
        both_ways = {(one.sender, one.kind) for one in self.crossings} == {(c, k) for c in (XA, XB) for k in KINDS}
        levels = {one.assurance for one in self.crossings} == {"document", "batch"}
        held = all(one.ok for one in self.crossings)
        return both_ways and levels and held and self.waited > 0 and self.refused == FORGERIES and self.repeated == 1


FORGERIES = 2
"""An altered header, and an altered document, each under an untouched seal."""

Progress = Callable[[str], None]
"""Told the name of each step as it begins: a key of STEPS."""

STEPS = {
    "pki": ("drawing keys and certificates for two countries", "為兩國產製金鑰與憑證"),
    "start": ("starting both nodes", "啟動兩個節點"),
    "exchange": ("both hubs hand in papers", "雙方樞紐送件"),
    "away": ("XB is switched off; XA's papers wait", "關閉 XB；XA 的文件等待中"),
    "return": ("XB comes back; the papers cross", "XB 恢復；文件送達"),
    "replay": ("an envelope is replayed", "重放同一封袋"),
    "forge": ("two forged envelopes knock", "兩個偽造封袋叩門"),
    "check": ("checking every receipt and hub", "核對所有收據與樞紐"),
}


def run(folder: Path, progress: Progress) -> Demonstration:
    """Run all of it inside `folder`. Raises NodeError when something does not even start."""
    began = time.monotonic()
    with ExitStack() as stack:
        progress("pki")
        nodes = _furnish(folder)
        progress("start")
        for process in nodes.values():
            stack.callback(process.stop)
            process.start()
        progress("exchange")
        for sender, recipient in ((XA, XB), (XB, XA)):
            for kind in KINDS:
                _hand_in(folder, sender, recipient, _samples(kind, sender))
        _wait_for(lambda: _all_settled(folder, (XA, XB)), "the first papers to cross")
        progress("away")
        nodes[XB].stop()
        for kind in LATE_KINDS:
            _hand_in(folder, XA, XB, _late(kind))
        _wait_for(lambda: len(_trying(folder, XA)) == len(LATE_KINDS), "the first failed try")
        waited = len(_trying(folder, XA))
        progress("return")
        nodes[XB].start()
        _wait_for(lambda: _all_settled(folder, (XA, XB)), "the waiting papers to cross")
        progress("replay")
        with _Impostor(folder / XA) as impostor:
            repeated = impostor.replay()
            progress("forge")
            refused = impostor.forge()
        progress("check")
        _wait_for(lambda: all(one.ok for one in _crossings(folder)), "the hubs to take the papers")
    return Demonstration(
        tuple(_crossings(folder)), waited, refused, repeated, round(time.monotonic() - began, 1), folder
    )


def _furnish(folder: Path) -> dict[NodeCode, NodeProcess]:
    pki = dev_pki.draw(folder / "pki", [XA, XB], SystemClock().now())
    addresses = {code: f"127.0.0.1:{free_port()}" for code in (XA, XB)}
    for code, partner in ((XA, XB), (XB, XA)):
        furnish_home(pki, folder / code, code, listen=addresses[code], partners={partner: addresses[partner]})
    return {code: NodeProcess(folder / code) for code in (XA, XB)}


# --- the hubs' side -------------------------------------------------------------------------------------------------


def _hand_in(folder: Path, sender: NodeCode, recipient: NodeCode, papers: Mapping[str, bytes]) -> None:
    """Do what a hub does: write each paper, then its .done."""
    outbound = folder / sender / "hub" / "outbound" / recipient
    for name, content in papers.items():
        paper = outbound / f"{name}.{MediaType.of(content).extension}"
        hidden = outbound / f".{paper.name}"
        hidden.write_bytes(content)
        os.replace(hidden, paper)
        paper.with_suffix(".done").touch()


def _samples(kind: str, sender: NodeCode) -> dict[str, bytes]:
    """The shipped samples are XA's; XB's are their mirror image."""
    papers = {name: samples.sample(kind, name) for name in samples.sample_names(kind)}
    return papers if sender == XA else {name: _mirrored(content) for name, content in papers.items()}


def _mirrored(content: bytes) -> bytes:
    return content.replace(XA.encode(), b"@@").replace(XB.encode(), XA.encode()).replace(b"@@", XB.encode())


def _late(kind: str) -> dict[str, bytes]:
    """One more paper of a kind, under a number of its own."""
    name, content = next(iter(_samples(kind, XA).items()))
    return {f"late-{name}": samples.vary(kind, content, f"XA-LATE-{KINDS.index(kind) + 1}")}


def _all_settled(folder: Path, senders: Sequence[NodeCode]) -> bool:
    waiting = [file for code in senders for file in (folder / code / "hub" / "outbound").glob("*/*.done")]
    sent = [one for code in senders for one in _sent(folder / code)]
    return not waiting and bool(sent) and all(one.state is State.DELIVERED for one in sent)


def _trying(folder: Path, sender: NodeCode) -> list[Exchange]:
    """Papers that were tried in vain and wait for their partner."""
    owed = (State.SEALED, State.UNRESOLVED)
    return [one for one in _sent(folder / sender) if one.state in owed and one.first_cause]


def _sent(home: Path) -> list[Exchange]:
    with _reading(home) as store:
        wanted = queries.ExchangeFilter(direction=Direction.OUT, limit=500)
        return store.read(lambda tx: queries.list_exchanges(tx, wanted))


class _reading(ExitStack):
    """A second reader of a running node's store."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home

    def __enter__(self) -> Database:  # type: ignore[override]
        super().__enter__()
        store = Database.open(load_settings(self._home, {}).store_url)
        self.callback(store.close)
        return store


def _crossings(folder: Path) -> Iterator[Crossing]:
    for sender, recipient in ((XA, XB), (XB, XA)):
        with _reading(folder / sender) as store:
            rows = _sent(folder / sender)
            receipts = store.read(lambda tx, rows=rows: stored.received(tx, [one.id for one in rows]))  # type: ignore[misc]
        inbound = folder / recipient / "hub" / "inbound" / sender
        arrived = {file.read_bytes() for file in inbound.glob("*.[xj]*") if file.with_suffix(".done").exists()}
        with _reading(folder / sender) as store:
            bodies = store.read(lambda tx, rows=rows: exchanges.documents(tx, [one.id for one in rows]))  # type: ignore[misc]
        for one in rows:
            signed = receipts.get(one.id)
            accepted = signed is not None and receipt_from_bytes(signed.receipt).verdict is Verdict.ACCEPTED
            yield Crossing(
                one.kind,
                one.number,
                sender,
                recipient,
                one.assurance,
                one.state,
                accepted,
                bodies[one.id].content in arrived,
            )


def _wait_for(holds: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + SETTLE_S
    while not holds():
        if time.monotonic() > give_up:
            raise Unexpected(detail=f"waited {SETTLE_S} seconds in vain for {what}")
        time.sleep(0.1)


# --- the attacker's side --------------------------------------------------------------------------------------------


class _Impostor:
    """Somebody who sits inside XA's network with XA's TLS key, but may neither sign nor be believed."""

    def __init__(self, home: Path) -> None:
        self._wired: Wired = wire(load_settings(home, {}))

    def __enter__(self) -> "_Impostor":
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
            transport = self._wired.transport_to(XB)
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
