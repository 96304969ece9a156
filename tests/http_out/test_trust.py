"""Whom the door trusts and how it shows itself; every failure of the library below has a cause of ours."""

import shutil
import ssl
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import hub_over_https
import pytest
from cryptography.hazmat.primitives import serialization
from hub_over_https import beside

from node.crypto.keys import Role
from node.errors import KeyFileTooOpen, KeyFileUnusable
from node.http_out import Cause, Failed, HttpOut, TlsFiles, _failed
from node.model.ids import NodeCode
from node.sandbox.dev_pki import DevPki, mint

OURS, HUBS, OTHERS = NodeCode("XA"), NodeCode("XH"), NodeCode("XO")
NOW = datetime.now(UTC)


def knock(door: HttpOut) -> Failed:
    failed = door.put(["status", "e1"], b"{}")
    assert isinstance(failed, Failed)
    return failed


def serve_as(tmp_path: Path, pki: DevPki, departures) -> AbstractContextManager[hub_over_https.Hub]:
    credential = mint(pki, HUBS, Role.TLS, NOW, **departures)
    credential.write(tmp_path / "hub.key", tmp_path / "hub.pem")
    return hub_over_https.serving(tmp_path / "hub.pem", tmp_path / "hub.key", pki.ca(OURS))


@pytest.mark.parametrize(
    ("departures", "words"),
    [
        ({"ca": OTHERS}, "unable to get local issuer"),
        ({"begin": NOW - timedelta(days=9), "end": NOW - timedelta(days=1)}, "expired"),
        ({"begin": NOW + timedelta(days=1)}, "not yet valid"),
    ],
    ids=["other-authority", "expired", "not-yet"],
)
def test_a_server_with_a_wrong_certificate_hears_nothing(pki, tmp_path, open_door, departures, words) -> None:
    with serve_as(tmp_path, pki, departures) as hub:
        failed = knock(open_door(hub.url))
        assert failed.cause is Cause.TLS
        assert words in failed.detail
        assert hub.asked == []


def test_a_server_of_another_name_hears_nothing(pki, open_door) -> None:
    keys = pki.keys(HUBS)
    with hub_over_https.serving(keys.tls_certificate, keys.tls_key, pki.ca(OURS), host="127.0.0.2") as hub:
        failed = knock(open_door(hub.url.replace("localhost", "127.0.0.2")))
        assert failed.cause is Cause.TLS
        assert "IP address mismatch" in failed.detail
        assert hub.asked == []


def test_a_hub_that_does_not_know_us_is_told_as_tls(pki, files, hub, open_door) -> None:
    stranger = TlsFiles(files.ca, pki.keys(OTHERS).tls_certificate, pki.keys(OTHERS).tls_key)
    assert knock(open_door(hub.url, stranger)).cause is Cause.TLS
    assert hub.asked == []


def test_tls_1_3_is_spoken_where_both_can(pki, hub, open_door) -> None:
    versions = []
    hub.fault = beside(lambda request: versions.append(request.connection.version()))
    open_door(hub.url).get(["outbound"], {"limit": "1"})
    assert versions == ["TLSv1.3"]


def test_tls_1_2_has_forward_secrecy_and_nothing_older_is_spoken(pki, open_door) -> None:
    keys = pki.keys(HUBS)
    only_12 = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)
    with hub_over_https.serving(keys.tls_certificate, keys.tls_key, pki.ca(OURS), versions=only_12) as hub:
        ciphers = []
        hub.fault = beside(lambda request: ciphers.append(request.connection.cipher()[0]))
        open_door(hub.url).get(["outbound"], {"limit": "1"})
        (name,) = ciphers
        assert name.startswith("ECDHE-")
        assert "GCM" in name or "CHACHA20" in name


def test_the_context_has_its_floor(files: TlsFiles) -> None:
    context = files.load()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1
    old = {each["name"] for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"}
    assert all(name.startswith("ECDHE-") for name in old)


def test_a_key_others_may_read_is_refused(files: TlsFiles, tmp_path: Path) -> None:
    shutil.copy(files.key, tmp_path / "open.key")
    (tmp_path / "open.key").chmod(0o644)
    with pytest.raises(KeyFileTooOpen):
        TlsFiles(files.ca, files.certificate, tmp_path / "open.key").load()


def test_files_that_do_not_fit_are_refused(files: TlsFiles, pki: DevPki, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    umlaut = tmp_path / "umlaut.pem"
    umlaut.write_bytes("ü".encode())
    locked = tmp_path / "locked.key"
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked.touch(mode=0o600)
    locked.write_bytes(key.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(b"word")))
    for wrong in (
        TlsFiles(empty, files.certificate, files.key),
        TlsFiles(umlaut, files.certificate, files.key),
        TlsFiles(tmp_path / "missing", files.certificate, files.key),
        TlsFiles(files.ca, files.certificate, pki.keys(OTHERS).tls_key),
        TlsFiles(files.ca, empty, files.key),
        TlsFiles(files.ca, files.certificate, locked),
    ):
        with pytest.raises(KeyFileUnusable):
            wrong.load()


def library_failures(kind: type[httpx.RequestError]) -> list[type[httpx.RequestError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in library_failures(child))]


@pytest.mark.parametrize("kind", library_failures(httpx.RequestError), ids=lambda kind: kind.__name__)
def test_every_failure_the_library_knows_has_a_cause(kind: type[httpx.RequestError]) -> None:
    failed = _failed(kind("secret words of the server"))
    assert failed.cause in set(Cause)
    assert "secret" not in failed.detail
    assert failed.detail


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (httpx.ConnectTimeout, Cause.UNREACHABLE),
        (httpx.ConnectError, Cause.UNREACHABLE),
        (httpx.PoolTimeout, Cause.TIMEOUT),
        (httpx.ReadTimeout, Cause.TIMEOUT),
        (httpx.WriteTimeout, Cause.TIMEOUT),
        (httpx.ReadError, Cause.CUT),
        (httpx.WriteError, Cause.CUT),
        (httpx.RemoteProtocolError, Cause.NOT_HTTP),
    ],
)
def test_the_cause_says_what_happened(kind: type[httpx.RequestError], cause: Cause) -> None:
    assert _failed(kind("")).cause is cause
