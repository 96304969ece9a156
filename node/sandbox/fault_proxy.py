"""A TCP proxy that treats connections badly: between two nodes, below their TLS, as its weather says.

    with FaultProxy("127.0.0.1", 7443, seed) as proxy:
        proxy.address                       # what the partner calls
        proxy.turn(Weather(Fault.RESET, at_byte=4_000))

A change of the weather cuts the connections that stand, so that the new one strikes at once. The peers cannot be made
to see bytes that were never sent: that is what their TLS is for.
"""

import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

CHUNK = 16_384
SLOW_CHUNK, SLOW_S = 64, 0.02


class Fault(StrEnum):
    """What the proxy does to connections."""

    NONE = "none"
    DELAY = "delay"
    """Everything is late, by another time each."""
    DROP = "drop"
    """Connections are closed as they come."""
    RESET = "reset"
    """Reset (RST) once so many bytes have passed, both ways together."""
    HALF_OPEN = "half-open"
    """What is asked passes; no answer ever does."""
    BLACK_HOLE = "black-hole"
    """Connections stand, and nothing passes."""
    SLOW = "slow"
    """A few bytes at a time."""
    DUPLICATE = "duplicate"
    """All that is asked is said a second time, on a connection of its own, whose answers nobody hears."""
    REORDER = "reorder"
    """Connections wait for a later one, which goes first; within one connection TCP keeps the order."""


@dataclass(frozen=True, slots=True)
class Weather:
    """A fault, with the byte at which it strikes (RESET) or the seconds it costs at most (DELAY, REORDER)."""

    fault: Fault = Fault.NONE
    at_byte: int = 0
    seconds: float = 0.5


class FaultProxy:
    """Listens on a free loopback port and passes connections on to `host:port`."""

    def __init__(self, host: str, port: int, seed: int) -> None:
        self._to = (host, port)
        self._luck = random.Random(seed)  # noqa: S311 - faults that can be repeated
        self._weather = Weather()
        self._gate = threading.Lock()
        self._open: set[socket.socket] = set()
        self._later = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """`host:port` that the partner calls."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def turn(self, weather: Weather) -> None:
        """Have this weather from now on; what stands is cut."""
        with self._gate:
            self._weather = weather
            standing = list(self._open)
        for one in standing:
            _reset(one)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.turn(Weather())

    def _accept(self) -> None:
        while not self._stopped:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller, self._weather), daemon=True).start()

    def _serve(self, caller: socket.socket, weather: Weather) -> None:
        with ExitStack() as standing:
            standing.enter_context(self._standing(caller))
            if weather.fault is Fault.DROP:
                return
            if weather.fault is Fault.REORDER:
                self._wait_for_a_later_one(weather.seconds)
            try:
                callee = standing.enter_context(self._standing(socket.create_connection(self._to, 5)))
                twin = socket.create_connection(self._to, 5) if weather.fault is Fault.DUPLICATE else None
            except OSError:
                return
            if twin is not None:
                standing.enter_context(self._standing(twin))
            callee.settimeout(None)
            count = _Count(weather.at_byte if weather.fault is Fault.RESET else 0)
            back = threading.Thread(target=self._pump, args=(callee, caller, weather, count, None), daemon=True)
            back.start()
            self._pump(caller, callee, weather, count, twin)
            back.join()

    def _wait_for_a_later_one(self, seconds: float) -> None:
        mine, self._later = self._later, threading.Event()
        mine.set()
        self._later.wait(seconds)

    def _pump(
        self,
        source: socket.socket,
        target: socket.socket,
        weather: Weather,
        count: "_Count",
        twin: socket.socket | None,
    ) -> None:
        answers = twin is None and weather.fault is Fault.HALF_OPEN and source.getpeername()[1] == self._to[1]
        try:
            while data := source.recv(SLOW_CHUNK if weather.fault is Fault.SLOW else CHUNK):
                if weather.fault is Fault.BLACK_HOLE or answers:
                    continue
                if weather.fault is Fault.DELAY:
                    time.sleep(self._luck.uniform(0, weather.seconds))
                elif weather.fault is Fault.SLOW:
                    time.sleep(SLOW_S)
                if twin is not None:
                    with suppress(OSError):
                        twin.sendall(data)
                allowed = count.take(len(data))
                target.sendall(data[:allowed])
                if allowed < len(data):
                    break
        except OSError:
            pass
        finally:
            for one in (source, target, *((twin,) if twin is not None else ())):
                _reset(one)

    @contextmanager
    def _standing(self, one: socket.socket) -> Iterator[socket.socket]:
        with self._gate:
            self._open.add(one)
        try:
            yield one
        finally:
            with self._gate:
                self._open.discard(one)
            one.close()


class _Count:
    """How many bytes may still pass; 0 at the beginning is no limit."""

    def __init__(self, most: int) -> None:
        self._left: float = most or float("inf")
        self._gate = threading.Lock()

    def take(self, wanted: int) -> int:
        with self._gate:
            allowed = int(min(wanted, self._left))
            self._left -= allowed
            return allowed


def _reset(one: socket.socket) -> None:
    """End a connection as a crash or a firewall does: RST, and whoever waits on it here wakes."""
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
