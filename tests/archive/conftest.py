"""Keys and authorities for evidence; and two whole countries, from whose stores evidence is exported."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from node.clock import StoppedClock
from node.documents import samples
from node.errors import NoAnswer
from node.flows.outbound import Accepted, Submission, accept
from node.flows.ports import ActorName
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.exchange import Direction, Exchange
from node.model.ids import ExchangeId
from node.model.receipt import Answer
from node.sandbox import dev_pki
from node.sandbox.homes import furnish_home
from node.settings import load_settings
from node.store import queries
from node.transport.loopback import Loopback
from node.wiring import Wired, wire

sys.path.append(str(Path(__file__).parent))  # tables of defects name the parts of the laboratory

from evidence_lab import NOW, XA, XB, XC, Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(dev_pki.draw(tmp_path_factory.mktemp("pki") / "pki", [XA, XB, XC], NOW - timedelta(days=1)))


@dataclass(frozen=True)
class Country:
    """One country's node."""

    wired: Wired

    @property
    def home(self) -> Path:
        return self.wired.settings.home

    def hand_in(self, content: bytes, key: str) -> ExchangeId:
        to = XB if self.wired.node.code == XA else XA
        (outcome,) = accept(self.wired.node, [Submission(content, to, key)], ActorName("clerk", "human"))
        assert isinstance(outcome, Accepted), outcome
        return outcome.exchange

    def work(self) -> None:
        asyncio.run(self.wired.worker.drain())

    def exchanges(self, direction: Direction) -> list[Exchange]:
        wanted = queries.ExchangeFilter(direction=direction, limit=500)
        return self.wired.node.store.read(lambda tx: queries.list_exchanges(tx, wanted))


@dataclass(frozen=True)
class Pair:
    """XA and XB, connected by function calls."""

    xa: Country
    xb: Country
    clock: StoppedClock

    def cross(self) -> None:
        for country in (self.xa, self.xb, self.xa):
            country.work()

    def lose(self, content: bytes) -> ExchangeId:
        """XA sends a paper that never arrives, and XB says so after it has expired."""
        road = self.xa.wired.transports[XB]
        self.xa.wired.transports[XB] = Away()
        sent = self.xa.hand_in(content, "lost")
        self.xa.work()
        self.xa.wired.transports[XB] = road
        self.clock.advance(timedelta(days=8))
        self.xa.work()
        return sent


@dataclass
class Away:
    """A partner whose network swallows every call."""

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> tuple[Answer, ...]:
        raise NoAnswer(partner="there", seconds=deadline_s)

    async def status(self, request: StatusRequest, deadline_s: float) -> tuple[Answer, ...]:
        raise NoAnswer(partner="there", seconds=deadline_s)

    async def close(self) -> None:
        return None


@pytest.fixture
def two_countries(tmp_path: Path, lab: Lab) -> Iterator[Callable[..., Pair]]:
    """Opens XA and XB; what `of_xb` maps in the profile that XB has of XA is changed before."""
    opened: list[Country] = []

    def open_(of_xb: Mapping[str, str] | None = None) -> Pair:
        clock = StoppedClock(NOW)
        countries = {}
        for code, partner in ((XA, XB), (XB, XA)):
            home = furnish_home(lab.pki, tmp_path / code, code, partners={partner: "localhost:1"})
            if code == XB and of_xb:
                change(home / "partner_profiles" / "XA" / "xa-xb-trade-papers.toml", of_xb)
            countries[code] = Country(wire(load_settings(home, {}), clock))
            opened.append(countries[code])
        for code, partner in ((XA, XB), (XB, XA)):
            countries[code].wired.transports[partner] = Loopback(partner, code, countries[partner].wired.door)
        return Pair(countries[XA], countries[XB], clock)

    yield open_
    for country in opened:
        country.wired.close()


def change(file: Path, words: Mapping[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for old, new in words.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def pair(two_countries: Callable[..., Pair]) -> Pair:
    return two_countries()


@pytest.fixture
def paper() -> Callable[[str, str], bytes]:
    """A paper of a kind under a number."""
    return lambda kind, number: samples.vary(kind, samples.sample(kind, samples.sample_names(kind)[0]), number)
