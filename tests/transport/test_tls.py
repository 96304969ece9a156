"""Our TLS identity: read from files that nobody else can read, and only when it is ours and for TLS."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from node.errors import CallerUnknown, KeyFileTooOpen, KeyFileUnusable, TlsFailed
from node.model.ids import NodeCode
from node.transport.tls import ServerIdentity, TlsIdentity, load_tls_identity, pem_fingerprint

XA, XB = NodeCode("XA"), NodeCode("XB")


@pytest.fixture
def files(lab: SimpleNamespace, tmp_path: Path) -> SimpleNamespace:
    """A copy of XA's TLS files that a test may spoil."""
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.pem"
    key.touch(mode=0o600)
    key.write_bytes(lab.pki.keys(XA).tls_key.read_bytes())
    certificate.write_bytes(lab.pki.keys(XA).tls_certificate.read_bytes())
    return SimpleNamespace(key=key, certificate=certificate)


def test_the_fingerprint_is_what_a_partner_computes(files: SimpleNamespace) -> None:
    identity = load_tls_identity(files.key, files.certificate, XA)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert identity.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()
    assert pem_fingerprint(identity.certificates) == identity.fingerprint
    assert identity.not_after == certificate.not_valid_after_utc > datetime.now(UTC)


def test_the_key_does_not_show(files: SimpleNamespace) -> None:
    assert "PRIVATE KEY" not in repr(load_tls_identity(files.key, files.certificate, XA))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_may_read_is_refused(files: SimpleNamespace, mode: int) -> None:
    files.key.chmod(mode)
    with pytest.raises(KeyFileTooOpen):
        load_tls_identity(files.key, files.certificate, XA)


def test_the_certificate_of_another_key_node_or_role_is_refused(lab: SimpleNamespace, files: SimpleNamespace) -> None:
    ours, theirs = lab.pki.keys(XA), lab.pki.keys(XB)
    for key, certificate, node in (
        (files.key, theirs.tls_certificate, XA),
        (files.key, files.certificate, XB),
        (ours.sign_key, ours.sign_certificate, XA),
    ):
        with pytest.raises(KeyFileUnusable):
            load_tls_identity(key, certificate, node)


def test_what_stands_between_certificates_is_left_out(lab: SimpleNamespace, files: SimpleNamespace) -> None:
    root = lab.pki.ca(XA).read_bytes()
    alone = files.certificate.read_bytes()
    files.certificate.write_bytes(b"a note\n" + alone + b"another note\n" + root)
    identity = load_tls_identity(files.key, files.certificate, XA)
    assert identity.certificates == alone + root
    assert identity.fingerprint == pem_fingerprint(alone)


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_certificate_is_refused(files: SimpleNamespace, content: bytes) -> None:
    files.certificate.write_bytes(content)
    with pytest.raises(KeyFileUnusable):
        load_tls_identity(files.key, files.certificate, XA)


async def test_a_node_without_partners_starts_and_lets_nobody_in(lab: SimpleNamespace) -> None:
    lonely = ServerIdentity(lab.identity(XB), [])
    async with lab.serving(holder=lonely) as running:
        for visitor in (lab.identity(XA), lab.minted(XB)):
            async with lab.channel(running.address, visitor) as channel:
                with pytest.raises(TlsFailed):
                    await channel.deliver(lab.request, 5)
    assert lab.door.calls == []


async def test_a_chain_with_an_intermediate_is_shown_whole(lab: SimpleNamespace) -> None:
    identity = lab.identity(XB)
    longer = TlsIdentity(XB, identity.certificate, identity.certificates + lab.roots(XB), identity.private_key)
    holder = ServerIdentity(longer, [lab.roots(XA)])
    async with lab.serving(holder=holder) as running, lab.channel(running.address) as channel:
        assert len((await channel.deliver(lab.request, 5)).answers) == 2


def test_a_fingerprint_is_of_der_and_not_of_text(lab: SimpleNamespace) -> None:
    certificate = lab.identity(XA).certificate
    text = certificate.public_bytes(serialization.Encoding.PEM)
    assert pem_fingerprint(text) == pem_fingerprint(text.replace(b"\n", b"\r\n"))
    with pytest.raises(CallerUnknown):
        lab.partner_of(pem_fingerprint(lab.roots(XA)))


WATCH = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "grpc":
            print("floor" if os.environ.get("GRPC_SSL_CIPHER_SUITES", "").startswith("ECDHE-PSK") else "no floor")
sys.meta_path.insert(0, Watch())
import {module}
"""


@pytest.mark.parametrize(
    "module", ["node.service", "node.transport.over_grpc", "node.server.grpc_service", "node.server.rendering"]
)
def test_the_floor_of_tls_is_set_before_grpc_is_imported(module: str) -> None:
    program = WATCH.replace("{module}", module)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "floor"
