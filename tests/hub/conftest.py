"""A hub's web service on a real socket, adapters to it, and the hub's side of each kind of adapter."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from node.clock import StoppedClock
from node.http_out import HttpOut, TlsFiles
from node.hub.rest import RestHub
from node.journal import Journal
from node.sandbox.dev_pki import DevPki, draw

sys.path.append(str(Path(__file__).parent))  # tests name the hub's sides, so they are modules

import hub_over_https
from hub_sides import HUBS, MAX_BYTES, NOW, OURS, FolderSide, RestSide

TIMEOUT_S = 5


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> DevPki:
    return draw(tmp_path_factory.mktemp("pki") / "pki", [OURS, HUBS], datetime.now(UTC))


@pytest.fixture
def web(pki: DevPki) -> Iterator[hub_over_https.Hub]:
    """A hub's web service."""
    keys = pki.keys(HUBS)
    with hub_over_https.serving(keys.tls_certificate, keys.tls_key, pki.ca(OURS)) as hub:
        yield hub


@pytest.fixture
def lines() -> list[str]:
    """What the journal said."""
    return []


@pytest.fixture
def open_rest(pki: DevPki, web: hub_over_https.Hub, lines: list[str]) -> Iterator[Callable[..., RestHub]]:
    """Adapters of one node after the other, closed when the test ends."""
    doors: list[HttpOut] = []

    def open_(timeout_s: float = TIMEOUT_S, ca: Path | None = None, **limits: int) -> RestHub:
        files = TlsFiles(ca or pki.ca(HUBS), pki.keys(OURS).tls_certificate, pki.keys(OURS).tls_key)
        doors.append(HttpOut(web.url, files, timeout_s, **limits))
        return RestHub(doors[-1], MAX_BYTES, Journal(lines.append, StoppedClock(NOW)))

    yield open_
    for door in doors:
        door.close()


@pytest.fixture(params=["folder", "rest"])
def side(request: pytest.FixtureRequest, tmp_path: Path) -> FolderSide | RestSide:
    """Every hub that is given things and asked for them."""
    if request.param == "folder":
        return FolderSide(tmp_path / "hub")
    return RestSide(request.getfixturevalue("web"), request.getfixturevalue("open_rest"))
