"""How much one caller may have at once, so that no caller, and nobody who is none, takes the node from the others."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from node.errors import TooManyCalls

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server (security 2.8)."""

    caller_calls: int = 32
    node_calls: int = 256
    """Calls under way, from the first header to the last byte of the answer."""

    caller_streams: int = 4
    node_streams: int = 64
    """Health watches and reflection: one of each per machine of a caller is enough; they may last for an hour."""

    deadline_s: int = 630
    """The longest that a call may last: the 600 seconds of a partner file, and what gRPC rounds up on the way."""

    request_s: float = 60.0
    """Four mebibytes take this long at 0.6 Mbit/s; who is slower sends smaller batches."""

    threads: int = 8
    caller_threads: int = 4
    """Threads that judge and store; SQLite serves one writer at a time anyway. No caller has all of them."""


class Slots:
    """Counts what is under way, per caller and in all. Used in one event loop only."""

    def __init__(self, per_caller: int, in_all: int) -> None:
        self._per_caller = per_caller
        self._in_all = in_all
        self._taken: Counter[str] = Counter()

    def take(self, caller: str) -> Callable[[], None]:
        """Take one of the caller's slots and return what gives it back. Raises TooManyCalls."""
        if self._taken[caller] >= self._per_caller:
            raise TooManyCalls(limit=self._per_caller)
        if self._taken.total() >= self._in_all:
            raise TooManyCalls(limit=self._in_all)
        self._taken[caller] += 1
        return partial(self._taken.subtract, (caller,))


class Workers:
    """Threads for the work of calls, of which one caller has a share; what is beyond its share waits its turn."""

    def __init__(self, threads: int, share: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="calls")
        self._shares: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(share))

    async def run(self, caller: str, work: Callable[[], T]) -> T:
        """Do `work` in a thread of the caller's share; raises what it raises."""
        share = self._shares[caller]
        await share.acquire()
        try:
            doing = self._threads.submit(work)
        except BaseException:
            share.release()
            raise
        # A cancelled call does not stop its thread, so the share is free when the work ends and not when the call does:
        # otherwise whoever hangs up and calls again would have every thread.
        loop = asyncio.get_running_loop()
        doing.add_done_callback(lambda _: loop.call_soon_threadsafe(share.release))
        return await asyncio.wrap_future(doing)

    def finish(self) -> None:
        """Wait for the work under way. Blocks; the event loop must go on meanwhile."""
        self._threads.shutdown(wait=True)
