"""A renewed client certificate, or a new authority of the server, comes into use without a restart."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from hub_over_https import beside

from node.crypto.keys import Role
from node.errors import KeyFileUnusable
from node.http_out import Cause, HttpOut, Reply, TlsFiles
from node.model.ids import NodeCode
from node.sandbox.dev_pki import DevPki, mint

OURS, OTHERS = NodeCode("XA"), NodeCode("XO")


@pytest.fixture
def own(files: TlsFiles, tmp_path: Path) -> TlsFiles:
    """TLS files that a test may replace."""
    return TlsFiles(
        *(Path(shutil.copy(file, tmp_path / file.name)) for file in (files.ca, files.certificate, files.key))
    )


@pytest.fixture
def shown(hub) -> list[bytes]:
    """The client certificate of each request."""
    certificates: list[bytes] = []
    hub.fault = beside(lambda request: certificates.append(request.connection.getpeercert(binary_form=True)))
    return certificates


def replace(files: TlsFiles, pki: DevPki) -> None:
    files.key.unlink()
    mint(pki, OURS, Role.TLS, datetime.now(UTC)).write(files.key, files.certificate)


def ask(door: HttpOut) -> None:
    assert isinstance(door.get(["outbound"], {"limit": "1"}), Reply)


def test_what_lies_in_the_files_is_shown_from_then_on(pki, hub, open_door, own, shown) -> None:
    door = open_door(hub.url, own)
    ask(door)
    assert door.renew() is False
    replace(own, pki)
    ask(door)
    assert door.renew() is True
    assert door.renew() is False
    ask(door)
    first, second, third = shown
    assert first == second != third


def test_files_that_do_not_fit_leave_the_old_ones_in_use(pki, hub, open_door, own, shown) -> None:
    door = open_door(hub.url, own)
    shutil.copy(pki.keys(OTHERS).tls_key, own.key)
    for _ in range(2):
        with pytest.raises(KeyFileUnusable):
            door.renew()
    ask(door)
    replace(own, pki)
    assert door.renew() is True
    ask(door)
    assert shown[0] != shown[1]


def test_a_new_authority_of_the_server_counts_from_then_on(pki, hub, open_door, own) -> None:
    door = open_door(hub.url, own)
    ask(door)
    shutil.copy(pki.ca(OTHERS), own.ca)
    assert door.renew() is True
    assert door.get(["outbound"], {}).cause is Cause.TLS


def test_a_call_under_way_ends_on_its_old_connection(pki, hub, open_door, own) -> None:
    under_way, go_on = Event(), Event()

    def stall(_) -> None:
        under_way.set()
        go_on.wait(10)

    hub.fault = beside(stall)
    door = open_door(hub.url, own)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(ask, door)
        assert under_way.wait(10)
        replace(own, pki)
        assert door.renew() is True
        go_on.set()
        call.result(10)
