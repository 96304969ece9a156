"""Two countries in one process: real stores, keys, folders and wire bytes; the network is a call with faults."""

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.clock import StoppedClock
from node.crypto.key_statement import make_key_statement
from node.crypto.keys import Role, load_signing_key
from node.crypto.xades import sign_detached
from node.documents import samples
from node.errors import NoAnswer, PartnerUnreachable
from node.flows.outbound import Accepted, Submission, accept
from node.flows.ports import ActorName
from node.model.describe import Description
from node.model.document import MediaType
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.exchange import Direction, Exchange
from node.model.ids import ExchangeId, NodeCode
from node.model.lookup import SealedAnswer
from node.model.receipt import Answer, DeliverResponse
from node.model.register_request import RegisterRequest
from node.model.upload import Chunk, UploadProgress
from node.sandbox import dev_pki
from node.sandbox.homes import furnish_home, shipped_profiles
from node.settings import load_settings
from node.store import audit, evidence, exchanges, jobs, queries
from node.store.database import Database
from node.store.receipts import HeldReceipt, settled
from node.transport.loopback import Loopback
from node.wiring import Wired, wire, worker_name

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")
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
    show: Callable[[DeliverResponse], DeliverResponse] = lambda response: response
    carried: list[DeliverRequest] = field(default_factory=list)
    asked: list[StatusRequest] = field(default_factory=list)
    looked_up: list[bytes] = field(default_factory=list)
    uploading: Callable[[Iterable[Chunk]], Iterable[Chunk]] = lambda chunks: chunks
    reword: Callable[[SealedAnswer], SealedAnswer] = lambda sealed: sealed

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> DeliverResponse:
        self._toll()
        self.carried.append(request)
        return self._home(await self.there.deliver(self.tamper(request), deadline_s), deadline_s)

    async def status(self, request: StatusRequest, deadline_s: float) -> DeliverResponse:
        self._toll()
        self.asked.append(request)
        return self._home(await self.there.status(request, deadline_s), deadline_s)

    async def lookup(self, asked: bytes, deadline_s: float) -> SealedAnswer:
        self._toll()
        self.looked_up.append(asked)
        return self.reword(await self.there.lookup(asked, deadline_s))

    async def request_register(self, request: RegisterRequest, deadline_s: float) -> int:
        self._toll()
        return await self.there.request_register(request, deadline_s)

    async def upload(self, chunks: Iterable[Chunk], deadline_s: float) -> UploadProgress:
        self._toll()
        return await self.there.upload(self.uploading(chunks), deadline_s)

    async def describe(self, deadline_s: float) -> Description:
        return await self.there.describe(deadline_s)

    async def healthy(self, deadline_s: float) -> bool:
        return not self.cut

    async def close(self) -> None:
        return None

    def _toll(self) -> None:
        if self.cut:
            raise PartnerUnreachable(partner="there", address="road", detail="cut")

    def _home(self, response: DeliverResponse, deadline_s: float) -> DeliverResponse:
        if self.loses_answers:
            self.loses_answers -= 1
            raise NoAnswer(partner="there", seconds=deadline_s)
        return self.show(replace(response, answers=tuple(self.spoil(response.answers))))


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

    def next_try(self) -> timedelta:
        """Let time pass until something is due, then do it; how long that was."""
        # While a partner is away its papers wait for the next question whether it is back.
        due = self.wired.roads.next_probe() or self.wired.node.store.read(jobs.next_due)
        assert due is not None, "nothing will ever be due"
        waited = max(due - self.clock.now(), timedelta(0))
        self.clock.advance(waited)
        self.work()
        return waited

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
        return sorted(_paper_beside(done) for done in inbound.glob("*/*.done"))


def _paper_beside(done: Path) -> bytes:
    xml = done.with_suffix(".xml")
    return (xml if xml.exists() else done.with_suffix(".json")).read_bytes()


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


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store without rows: copying it is quicker than migrating for every node of every test."""
    path = tmp_path_factory.mktemp("store") / "node.db"
    store = Database.open(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture
def pair(tmp_path: Path, pki: dev_pki.DevPki, clock: StoppedClock, empty_store: Path) -> Iterator[Pair]:
    countries = {}
    for code, partner in ((XA, XB), (XB, XA)):
        home = furnish_home(pki, tmp_path / code, code, partners={partner: "localhost:1"})
        shutil.copy(empty_store, home)
        countries[code] = Country(wire(load_settings(home, {}), clock), clock)
    for code, partner in ((XA, XB), (XB, XA)):
        road = Road(Loopback(partner, code, countries[partner].wired.door, countries[partner].wired.door.uploads))
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


# --- hostile partners -----------------------------------------------------------------------------------------------

sys.path.append(str(Path(__file__).parent))  # the foreign peer is a module, because tables of defects name its parts

import hostile  # noqa: E402


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hostile.Stage]:
    """One victim for all hostile calls of a run: what one of them spoils, the next ones see."""
    made = hostile.stage(tmp_path_factory.mktemp("stage"), NOW, StoppedClock(NOW))
    yield made
    made.victim.wired.close()


# --- the road and the restart -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trio:
    """XA with two partners, each behind a road of its own."""

    xa: Country
    xb: Country
    xc: Country
    to_xb: Road
    to_xc: Road


@pytest.fixture
def trio(tmp_path: Path, clock: StoppedClock, empty_store: Path) -> Iterator[Trio]:
    codes = (XA, XB, XC)
    drawn = dev_pki.draw(tmp_path / "pki", codes, NOW - timedelta(days=1))
    profiles = _profiles_with_a_third(tmp_path / "profiles")
    countries = {}
    for code in codes:
        others = {XB: "localhost:1", XC: "localhost:1"} if code == XA else {XA: "localhost:1"}
        home = furnish_home(drawn, tmp_path / code, code, partners=others, profiles=profiles)
        shutil.copy(empty_store, home)
        countries[code] = Country(wire(load_settings(home, {}), clock), clock)
    roads = {code: Road(Loopback(code, XA, countries[code].wired.door)) for code in (XB, XC)}
    countries[XA].wired.transports.update(roads)
    yield Trio(countries[XA], countries[XB], countries[XC], roads[XB], roads[XC])
    for country in countries.values():
        country.wired.close()


def _profiles_with_a_third(folder: Path) -> Path:
    """XC has agreed with XA what XB has."""
    shutil.copytree(shipped_profiles(), folder)
    shutil.copytree(folder / XB, folder / XC)
    for file in (folder / XC).iterdir():
        text = file.read_text(encoding="utf-8").replace(XB, XC).replace("xa-xb", "xa-xc")
        file.unlink()
        (folder / XC / file.name.replace("xa-xb", "xa-xc")).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def reopen(pair: Pair) -> Callable[[Country], None]:
    """Ends a country's node and starts it again from its home, on the same roads, as a new process would."""

    def again(country: Country) -> None:
        other = pair.xb if country is pair.xa else pair.xa
        country.wired.close()
        country.wired = wire(load_settings(country.home, {}), country.clock)
        worker = worker_name(country.wired.settings)
        country.wired.node.store.write(lambda tx: jobs.release_all(tx, worker))
        country.wired.transports[other.code] = country.road
        other.road.there = Loopback(country.code, other.code, country.wired.door)

    return again


@pytest.fixture
def papers() -> Callable[[int], list[bytes]]:
    """So many papers, each under a number of its own."""
    kind = "certificate_of_origin"
    content = samples.sample(kind, samples.sample_names(kind)[0])
    return lambda count: [samples.vary(kind, content, f"XA-{number:04d}") for number in range(count)]


@pytest.fixture
def renew(pair: Pair, pki: dev_pki.DevPki, reopen: Callable[[Country], None]) -> Callable[..., None]:
    """Gives a country a new sign key and certificate and signs its key statement anew; the other trusts only these."""

    def again(country: Country, *, announced: bool = True, **departing: datetime) -> None:
        other = pair.xb if country is pair.xa else pair.xa
        keys, now = country.wired.settings.keys, country.clock.now()
        keys.sign_key.unlink()
        dev_pki.mint(pki, country.code, Role.SIGN, now, **departing).write(keys.sign_key, keys.sign_certificate)
        sign = load_signing_key(keys.sign_key, keys.sign_certificate, country.code, Role.SIGN)
        signature = sign_detached(keys.statement.read_bytes(), MediaType.XML.file_name, MediaType.XML, sign, now)
        keys.statement_signature.write_bytes(signature)
        for file in (keys.sign_certificate, keys.statement_signature) if announced else (keys.sign_certificate,):
            shutil.copyfile(file, other.home / "certs" / country.code / file.name)
        reopen(country)
        reopen(other)

    return again


@pytest.fixture
def unannounced(pair: Pair, reopen: Callable[[Country], None]) -> Callable[[Country], None]:
    """Gives a country the key statement of an earlier release, without checkpoint key, in both homes."""

    def again(country: Country) -> None:
        other = pair.xb if country is pair.xa else pair.xa
        keys, now = country.wired.settings.keys, country.clock.now()
        sign = load_signing_key(keys.sign_key, keys.sign_certificate, country.code, Role.SIGN)
        opening = [key.announce() for key in country.wired.node.keys.decryption]
        statement = make_key_statement(country.code, opening, now, sign)
        keys.statement.write_bytes(statement.document)
        keys.statement_signature.write_bytes(statement.signature)
        for file in (keys.statement, keys.statement_signature):
            shutil.copyfile(file, other.home / "certs" / country.code / file.name)
        reopen(country)
        reopen(other)

    return again
