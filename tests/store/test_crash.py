"""kill -9 in the middle of writing: what was acknowledged is there, what was not is whole or absent."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from node.model.evidence import Fact
from node.model.ids import ExchangeId
from node.store import evidence, exchanges, jobs
from node.store.database import Database, Tx

LATER = datetime(2027, 1, 1, tzinfo=UTC)

WRITER = """
import sys, threading
sys.path.insert(0, {folder!r})
from conftest import Trade, MOMENT, PARTNER
from node.model.evidence import EvidenceFact, Fact
from node.model.job import Verb
from node.store import evidence, exchanges, jobs
from node.store.database import Database

database, trade, speak = Database.open({url!r}), Trade(), threading.Lock()

def accept(exchange):
    def work(tx):
        exchanges.insert(tx, [exchange])
        exchanges.insert_documents(tx, [trade.document(exchange, b"x" * 4096)])
        jobs.add(tx, [jobs.NewJob(exchange.id, PARTNER, Verb.SEAL, MOMENT, None, 2)], MOMENT)
        evidence.add(tx, [EvidenceFact(exchange.id, MOMENT, Fact.SUBMITTED)])
    return work

def write():
    while True:
        exchange = trade.exchange()
        database.write(accept(exchange))
        with speak:
            print(exchange.id, flush=True)

for _ in range(8):
    threading.Thread(target=write, daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("acknowledged", [1, 200])
def test_kill_9_loses_nothing_acknowledged_and_leaves_nothing_half(
    database: Database, database_url: str, acknowledged: int
) -> None:
    script = WRITER.format(folder=os.path.dirname(__file__), url=database_url)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    heard = [process.stdout.readline().strip() for _ in range(acknowledged)]
    process.send_signal(signal.SIGKILL)
    heard += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.stdout.close()
    process.wait(10)

    def look(tx: Tx) -> None:
        stored = {ExchangeId(one) for one in tx.exec_driver_sql("SELECT id FROM exchange").scalars()}
        assert set(heard) <= stored
        assert set(exchanges.documents(tx, stored)) == stored
        assert len(jobs.due_lanes(tx, LATER)) == 1
        for exchange in stored:
            assert [fact.fact for fact in evidence.timeline(tx, exchange)] == [Fact.SUBMITTED]
        if tx.dialect.name == "sqlite":
            assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert tx.exec_driver_sql("PRAGMA foreign_key_check").all() == []

    assert len(heard) >= acknowledged
    database.read(look)
