"""Waking those who watch a feed: a bell that any thread may ring, heard in one event loop."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Bell:
    """Rings when something was committed. Who watches takes an ear before looking, so that no ring is missed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()
        self._watchers = 0
        self.stopped = False

    def open(self) -> None:
        """Hear in the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Something may be there to see. From any thread; costs nothing while nobody watches."""
        loop = self._loop
        if self._watchers and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._swing)

    def stop(self) -> None:
        """The last ring: whoever watches goes home. Call it in the loop."""
        self.stopped = True
        self._swing()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Somebody watches inside; rings are worth their while."""
        self._watchers += 1
        try:
            yield
        finally:
            self._watchers -= 1

    def ear(self) -> asyncio.Event:
        """What the next ring will set. Call it in the loop, while watching."""
        return self._event

    async def heard(self, ear: asyncio.Event, timeout_s: float) -> None:
        """Wait for the ring of `ear`, or so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(ear.wait(), timeout_s)

    def _swing(self) -> None:
        rung, self._event = self._event, asyncio.Event()
        rung.set()
