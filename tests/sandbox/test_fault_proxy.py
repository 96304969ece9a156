"""The proxy does what its weather says."""

import socket
import threading
from collections.abc import Iterator

import pytest

from node.sandbox.fault_proxy import Fault, FaultProxy, Weather


class Echo:
    """Says back what it hears, and remembers it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(one,), daemon=True).start()

    def _answer(self, one: socket.socket) -> None:
        try:
            while data := one.recv(65_536):
                self.heard.append(data)
                one.sendall(data)
        except OSError:
            pass
        finally:
            one.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[FaultProxy]:
    with FaultProxy("127.0.0.1", echo.port, 1) as proxy:
        yield proxy


def said(proxy: FaultProxy, content: bytes) -> bytes:
    """What comes back; what never comes is awaited for a moment only."""
    host, port = proxy.address.split(":")
    back = b""
    with socket.create_connection((host, int(port)), 5) as one:
        one.settimeout(0.5)
        try:
            one.sendall(content)
            while len(back) < len(content) and (data := one.recv(65_536)):
                back += data
        except OSError:
            pass
    return back


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.DELAY, Fault.SLOW, Fault.DUPLICATE, Fault.REORDER])
def test_in_bearable_weather_everything_comes_through(proxy: FaultProxy, fault: Fault) -> None:
    proxy.turn(Weather(fault, seconds=0.05))
    assert said(proxy, b"paper" * 20) == b"paper" * 20


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.BLACK_HOLE, Fault.HALF_OPEN])
def test_in_bad_weather_nothing_comes_back(proxy: FaultProxy, echo: Echo, fault: Fault) -> None:
    proxy.turn(Weather(fault))
    assert said(proxy, b"paper") == b""
    assert bool(echo.heard) == (fault is Fault.HALF_OPEN)


def test_a_connection_is_reset_and_not_a_byte_more_comes_through(proxy: FaultProxy, echo: Echo) -> None:
    proxy.turn(Weather(Fault.RESET, at_byte=3))
    assert said(proxy, b"paper") != b"paper"
    # A reset may overtake what was sent before it.
    assert b"pap".startswith(b"".join(echo.heard))


def test_a_twin_says_it_all_a_second_time(proxy: FaultProxy, echo: Echo) -> None:
    proxy.turn(Weather(Fault.DUPLICATE))
    said(proxy, b"paper")
    for _ in range(100):
        if len(echo.heard) == 2:
            break
        threading.Event().wait(0.02)
    assert echo.heard == [b"paper", b"paper"]
