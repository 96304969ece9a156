"""The sender that is measured: a whole node, as `n2n up` runs it, with a feeder inside where a hub would stand.

    python -m node.sandbox.bench_feed HOME PARTNER

The feeder calls `accept` as every hub connection does. What it costs is the sender's CPU, like everything here.
"""

import asyncio
import os
import sqlite3
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from node.errors import NodeError, Unexpected
from node.flows import outbound
from node.flows.intake import Submission
from node.flows.ports import ActorName
from node.model.exchange import State
from node.model.ids import ExchangeId, NodeCode
from node.sandbox.bench_papers import Papers
from node.sandbox.bench_process import Done, Load, obey
from node.service import only_one, serve, spare_the_collector
from node.settings import load_settings
from node.wiring import Wired, wire

FEEDER = ActorName("bench", "hub")

AHEAD = 4
"""Batches on their way at once, so that sealing, sending and accepting overlap."""

LOOK_S = 0.001
"""How often the feeder looks for a receipt; the resolution of the latencies."""

HOPE_S = 60
"""An exchange that takes longer on a loopback is not slow but broken."""


class Feeder:
    """Hands papers in and waits for their receipts."""

    def __init__(self, wired: Wired, partner: NodeCode) -> None:
        self._wired = wired
        self._partner = partner
        self._papers: dict[int, Papers] = {}
        # Not through the store: a look through it costs some hundred times more, and all of it would be measured.
        self._looking = sqlite3.connect(
            wired.settings.store_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
        )

    def work(self, load: Load) -> Done:
        """Do one load. Raises the NodeError a paper is refused with, Unexpected when a receipt never comes."""
        papers = self._papers.setdefault(load.size, Papers(load.size))
        return self._one_by_one(papers, load) if load.lone else self._in_batches(papers, load)

    def _in_batches(self, papers: Papers, load: Load) -> Done:
        began = time.monotonic()
        underway: deque[ExchangeId] = deque()
        count = 0
        while time.monotonic() - began < load.seconds:
            if len(underway) == AHEAD:
                self._wait_for(underway.popleft())
            # Papers of one moment travel in the order of their ids, so the greatest of a batch settles last.
            underway.append(max(self._accept([papers.next() for _ in range(load.batch)])))
            count += load.batch
        for one in underway:
            self._wait_for(one)
        return Done(count, time.monotonic() - began)

    def _one_by_one(self, papers: Papers, load: Load) -> Done:
        began = time.monotonic()
        latencies: list[float] = []
        while time.monotonic() - began < load.seconds:
            handed_in = time.monotonic()
            (one,) = self._accept([papers.next()])
            self._wait_for(one)
            latencies.append((time.monotonic() - handed_in) * 1000)
        return Done(len(latencies), time.monotonic() - began, tuple(latencies))

    def _accept(self, papers: Sequence[tuple[str, bytes]]) -> list[ExchangeId]:
        submissions = [Submission(content, self._partner, number) for number, content in papers]
        return [_accepted(one) for one in outbound.accept(self._wired.node, submissions, FEEDER)]

    def _wait_for(self, exchange: ExchangeId) -> None:
        """Until the partner's receipt is verified and committed."""
        give_up = time.monotonic() + HOPE_S
        while (state := self._state(exchange)) != State.DELIVERED:
            if time.monotonic() > give_up:
                raise Unexpected(detail=f"an exchange is still {state} after {HOPE_S} seconds")
            time.sleep(LOOK_S)

    def _state(self, exchange: ExchangeId) -> str:
        (state,) = self._looking.execute("SELECT state FROM exchange WHERE id = ?", [exchange]).fetchone()
        return str(state)


def _accepted(outcome: outbound.Accepted | NodeError) -> ExchangeId:
    if isinstance(outcome, NodeError):
        raise outcome
    return outcome.exchange


async def run(home: Path, partner: NodeCode) -> None:
    """Run the node at `home` and obey orders on standard input until there are no more."""
    settings = load_settings(home, os.environ)
    with only_one(settings.home):
        wired = await asyncio.to_thread(wire, settings)
        spare_the_collector()
        stop = asyncio.Event()
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(wired, stop, address.set_result))
        try:
            feeder = Feeder(wired, partner)
            await asyncio.to_thread(obey, await address, feeder.work)
        finally:
            stop.set()
            await serving
            await asyncio.to_thread(wired.close)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), NodeCode(sys.argv[2])))
