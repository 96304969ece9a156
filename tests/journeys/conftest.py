"""Two countries in one process: real stores, keys, folders and wire bytes; only the network is a function call with faults."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.clock import StoppedClock
from node.documents import samples
from node.errors import NoAnswer, PartnerUnreachable
from node.flows.outbound import Accepted, Submission, accept
from node.flows.ports import ActorName
from node.model.describe import Description
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.exchange import Direction, Exchange
from node.model.ids import ExchangeId, NodeCode
from node.model.receipt import Answer
from node.sandbox import dev_pki
from node.sandbox.homes import furnish_home
from node.settings import load_settings
from node.store import audit, evidence, exchanges, queries
from node.store.receipts import HeldReceipt, settled
from node.transport.loopback import Loopback
from node.wiring import Wired, wire

XA, XB = NodeCode("XA"), NodeCode("XB")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CLERK = ActorName("clerk", "human")


@dataclass(slots=True)
class Road:
    """The way from one country to the other, with whatever happens on it."""

    there: Loopback
    cut: bool = False
    loses_answers: int = 0
    tamper: Callable[[DeliverRequest], DeliverRequest] = lambda request: request
    spoil: Callable[[Sequence[Answer]], Sequence[Answer]] = lambda answers: answers
    carried: list[DeliverRequest] = field(default_factory=list)
    asked: list[StatusRequest] = field(default_factory=list)

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> tuple[Answer, ...]:
        self._toll()
        self.carried.append(request)
        return self._home(await self.there.deliver(self.tamper(request), deadline_s), deadline_s)

    async def status(self, request: StatusRequest, deadline_s: float) -> tuple[Answer, ...]:
        self._toll()
        self.asked.append(request)
        return self._home(await self.there.status(request, deadline_s), deadline_s)

    async def describe(self, deadline_s: float) -> Description:
        return await self.there.describe(deadline_s)

    async def healthy(self, deadline_s: float) -> bool:
        return not self.cut

    async def close(self) -> None:
        return None

    def _toll(self) -> None:
        if self.cut:
            raise PartnerUnreachable(partner="there", address="road", detail="cut")

    def _home(self, answers: Sequence[Answer], deadline_s: float) -> tuple[Answer, ...]:
        if self.loses_answers:
            self.loses_answers -= 1
            raise NoAnswer(partner="there", seconds=deadline_s)
        return tuple(self.spoil(answers))


@dataclass(slots=True)
class Country:
    """One country's node, hub and road to the other."""

    wired: Wired
    clock: StoppedClock
    road: Road | None = None

    @property
    def home(self) -> Path:
        return self.wired.settings.home

    @property
    def code(self) -> NodeCode:
        return self.wired.node.code

    def hand_in(self, content: bytes, to: NodeCode, key: str = "k1") -> ExchangeId:
        """Accept one paper, or raise what it is refused with."""
        (outcome,) = accept(self.wired.node, [Submission(content, to, key)], CLERK)
        if not isinstance(outcome, Accepted):
            raise outcome
        return outcome.exchange

    def work(self) -> None:
        """Do everything that is due now."""
        asyncio.run(self.wired.worker.drain())

    def later(self, **by: float) -> None:
        """Let time pass (both countries share it), then do what is due."""
        self.clock.advance(timedelta(**by))
        self.work()

    def exchange(self, identifier: ExchangeId) -> Exchange:
        return self.wired.node.store.read(lambda tx: exchanges.load(tx, [identifier]))[identifier]

    def received(self) -> list[Exchange]:
        wanted = queries.ExchangeFilter(direction=Direction.IN, limit=500)
        return self.wired.node.store.read(lambda tx: queries.list_exchanges(tx, wanted))

    def receipt(self, identifier: ExchangeId) -> HeldReceipt:
        return self.wired.node.store.read(lambda tx: settled(tx, [identifier]))[identifier]

    def timeline(self, identifier: ExchangeId) -> list[str]:
        return [entry.fact.value for entry in self.wired.node.store.read(lambda tx: evidence.timeline(tx, identifier))]

    def audited(self, act: str) -> list[dict[str, str]]:
        return [
            {"object": entry.object, **entry.detail}
            for entry in self.wired.node.store.read(audit.entries)
            if entry.act == act
        ]

    def hub_has(self) -> list[bytes]:
        inbound = self.home / "hub" / "inbound"
        return sorted(file.with_suffix(".xml").read_bytes() for file in inbound.glob("*/*.done"))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two countries with one arrangement between them."""

    xa: Country
    xb: Country

    def cross(self) -> None:
        """Both do what is due until nothing is."""
        for country in (self.xa, self.xb, self.xa):
            country.work()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> dev_pki.DevPki:
    return dev_pki.draw(tmp_path_factory.mktemp("pki") / "pki", [XA, XB], NOW - timedelta(days=1))


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
def pair(tmp_path: Path, pki: dev_pki.DevPki, clock: StoppedClock) -> Iterator[Pair]:
    countries = {}
    for code, partner in ((XA, XB), (XB, XA)):
        home = furnish_home(pki, tmp_path / code, code, partners={partner: "localhost:1"})
        countries[code] = Country(wire(load_settings(home, {}), clock), clock)
    for code, partner in ((XA, XB), (XB, XA)):
        road = Road(Loopback(partner, code, countries[partner].wired.door))
        countries[code].road = road
        countries[code].wired.transports[partner] = road
    yield Pair(countries[XA], countries[XB])
    for country in countries.values():
        country.wired.close()


@pytest.fixture
def origin() -> bytes:
    """A certificate of origin."""
    return samples.sample("certificate_of_origin", samples.sample_names("certificate_of_origin")[0])


@pytest.fixture
def phyto() -> bytes:
    """A phytosanitary certificate."""
    kind = "phytosanitary_certificate"
    return samples.sample(kind, samples.sample_names(kind)[0])
