"""Databases to test against, and values of the trade to put into them."""

import importlib.util
import secrets
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from node.model.document import MediaType
from node.model.envelope import Place, Purpose, Seal
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.ids import Digest, ExchangeId, Leaf, MessageId, NodeCode, sha256, uuid7
from node.model.job import Verb
from node.model.receipt import SignedReceipt, Verdict
from node.store import exchanges, jobs
from node.store.database import Database, Tx
from node.store.exchanges import StoredDocument, StoredSealed
from node.store.jobs import NewJob
from node.store.receipts import IssuedReceipt

sys.path.insert(0, str(Path(__file__).parents[1]))
from postgres_server import PostgresServer, programs

T = TypeVar("T")

DATABASES = ("sqlite", "postgresql")
"""The contract holds for every one of these."""

MOMENT = datetime(2026, 11, 22, 14, 35, 6, 123000, tzinfo=UTC)
PARTNER = NodeCode("XB")


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of its own for each test, with no tables yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'node.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url(server.new_database())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for each process of the tests."""
    if programs() is None or importlib.util.find_spec("psycopg") is None:
        pytest.skip("the wheels with PostgreSQL and its driver are not installed: run make test")
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def empty_postgresql(postgres_server: PostgresServer) -> str:
    """A migrated database without rows, to copy."""
    name = postgres_server.new_database()
    database = Database.open(postgres_server.url(name))
    database.migrate()
    database.close()
    return name


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without rows: copying it is quicker than migrating for every test."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    database = Database.open(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str, empty_sqlite: Path) -> Iterator[Database]:
    if database_url.startswith("sqlite"):
        shutil.copy(empty_sqlite, database_url.removeprefix("sqlite:///"))
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        server.refill(database_url, request.getfixturevalue("empty_postgresql"))
    database = Database.open(database_url)
    database.migrate()
    yield database
    database.close()


class Trade:
    """Makes rows as the flows would, with fresh ids."""

    now = MOMENT
    partner = PARTNER

    def later(self, **by: float) -> datetime:
        return MOMENT + timedelta(**by)

    def id(self, moment: datetime = MOMENT) -> str:
        return uuid7(moment, secrets.token_bytes)

    def leaf(self) -> Leaf:
        return Leaf(secrets.token_bytes(32))

    def exchange(self, **different: object) -> Exchange:
        moment = different.get("created_at", MOMENT)
        assert isinstance(moment, datetime)
        plain = Exchange(
            id=ExchangeId(self.id(moment)),
            direction=Direction.OUT,
            partner=PARTNER,
            arrangement="coo",
            arrangement_version=3,
            kind="certificate_of_origin",
            kind_version=1,
            assurance=Assurance.DOCUMENT,
            state=State.ACCEPTED,
            priority=2,
            issuer="臺北市進出口商業同業公會",
            number=secrets.token_hex(8),
            version="1",
            document_sha256=secrets.token_bytes(32),
            created_at=moment,
            updated_at=moment,
        )
        return replace(plain, **different)

    def seal(self) -> Seal:
        return Seal(manifest=b"<seal/>" + secrets.token_bytes(8), signature=b"<xades/>" + secrets.token_bytes(8))

    def document(self, exchange: Exchange, content: bytes = b"<paper/>", **different: object) -> StoredDocument:
        return replace(StoredDocument(exchange.id, content, MediaType.XML), **different)

    def sealed(self, exchange: Exchange, seal_id: str, **different: object) -> StoredSealed:
        plain = StoredSealed(
            exchange=exchange.id,
            message_id=MessageId(self.id()),
            header=b"header",
            metadata=b"metadata",
            salt=secrets.token_bytes(32),
            body_digest=Digest(secrets.token_bytes(32)),
            leaf=self.leaf(),
            seal_id=seal_id,
            place=Place(1, (b"l" * 32, b"r" * 32)),
            signatures=(b"one", b"", b"three"),
        )
        return replace(plain, **different)

    def put(self, database: Database, count: int = 1, **different: object) -> list[Exchange]:
        rows = [self.exchange(**different) for _ in range(count)]
        database.write(lambda tx: exchanges.insert(tx, rows))
        return rows

    def put_jobs(self, database: Database, count: int = 1, verb: Verb = Verb.DELIVER) -> list[Exchange]:
        rows = self.put(database, count)
        new = [NewJob(row.id, PARTNER, verb, MOMENT, None, 2) for row in rows]
        database.write(lambda tx: jobs.add(tx, new, MOMENT))
        return rows

    def signed(self, receipt: bytes = b"receipt") -> SignedReceipt:
        return SignedReceipt(receipt, self.seal(), Place(0, (b"p" * 32,)))

    def issued(self, tx: Tx, **different: object) -> IssuedReceipt:
        """An ACCEPTED receipt, its seal stored."""
        seal_id = exchanges.insert_seal(tx, self.seal(), Purpose.RECEIPTS, True, PARTNER, MOMENT)
        plain = IssuedReceipt(
            partner=PARTNER,
            message_id=MessageId(self.id()),
            leaf=self.leaf(),
            verdict=Verdict.ACCEPTED,
            receipt=secrets.token_bytes(40),
            seal_id=seal_id,
            place=Place(0, ()),
            exchange=None,
            received_at=MOMENT,
        )
        return replace(plain, **different)

    def digest(self, content: bytes) -> Digest:
        return sha256(content)


@pytest.fixture
def trade() -> Trade:
    return Trade()


@pytest.fixture
def together() -> Callable[[Database, Sequence[Callable[[Tx], T]]], list[T | BaseException]]:
    """Runs works so that they share one commit: the writer is held up until all of them wait, in this order."""

    def run(database: Database, works: Sequence[Callable[[Tx], T]]) -> list[T | BaseException]:
        outcomes: list[T | BaseException] = [RuntimeError("never ran")] * len(works)
        busy, go = threading.Event(), threading.Event()

        def hold_up(tx: Tx) -> None:
            busy.set()
            go.wait(10)

        def one(index: int) -> None:
            try:
                outcomes[index] = database.write(works[index])
            except BaseException as error:
                outcomes[index] = error

        threads = [threading.Thread(target=database.write, args=(hold_up,))]
        threads[0].start()
        assert busy.wait(10)
        for index in range(len(works)):
            thread = threading.Thread(target=one, args=(index,))
            thread.start()
            threads.append(thread)
            # No public door shows how many wait, and none should.
            while len(database._writer._queue) <= index:
                thread.join(0.001)
        go.set()
        for thread in threads:
            thread.join(10)
        return outcomes

    return run
