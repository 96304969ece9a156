"""A hub over HTTPS on a real socket, our certificates for it, and the door under test."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from node.http_out import HttpOut, TlsFiles
from node.model.ids import NodeCode
from node.sandbox.dev_pki import DevPki, draw

sys.path.append(str(Path(__file__).parents[1] / "hub"))  # the hub of these tests is that of the adapter's

import hub_over_https

OURS, HUBS, OTHERS = NodeCode("XA"), NodeCode("XH"), NodeCode("XO")


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> DevPki:
    return draw(tmp_path_factory.mktemp("pki") / "pki", [OURS, HUBS, OTHERS], datetime.now(UTC))


@pytest.fixture
def files(pki: DevPki) -> TlsFiles:
    return TlsFiles(pki.ca(HUBS), pki.keys(OURS).tls_certificate, pki.keys(OURS).tls_key)


@pytest.fixture
def hub(pki: DevPki) -> Iterator[hub_over_https.Hub]:
    keys = pki.keys(HUBS)
    with hub_over_https.serving(keys.tls_certificate, keys.tls_key, pki.ca(OURS)) as serving:
        yield serving


@pytest.fixture
def open_door(files: TlsFiles) -> Iterator[Callable[..., HttpOut]]:
    """Doors that are closed when the test ends."""
    doors: list[HttpOut] = []

    def open_(base: str, tls: TlsFiles = files, timeout_s: float = 5, **other: int) -> HttpOut:
        doors.append(HttpOut(base, tls, timeout_s, **other))
        return doors[-1]

    yield open_
    for door in doors:
        door.close()


@pytest.fixture
def door(hub: hub_over_https.Hub, open_door: Callable[..., HttpOut]) -> HttpOut:
    return open_door(hub.url)
