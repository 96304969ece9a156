"""Our TLS identity, and the server side of it that can be replaced while the server runs (protocol 1, security G6)."""

import hashlib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from node.crypto.algorithms import PrivateKey
from node.crypto.files import read_file
from node.crypto.keys import Role, load_key_pair, load_signing_key
from node.errors import KeyFileUnusable
from node.model.ids import NodeCode

TLS_VERSION = b"TLSv1.3"
"""The one version that partners speak (protocol 1)."""


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """The TLS key of this node with its certificate chain, as PEM; used as server and as client."""

    node: NodeCode
    certificate: x509.Certificate
    certificates: bytes
    private_key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate's DER, lower-case hex: what the partner enrols."""
        return hashlib.sha256(self.certificate.public_bytes(serialization.Encoding.DER)).hexdigest()

    @property
    def not_after(self) -> datetime:
        """Last moment of the certificate's validity, UTC."""
        return self.certificate.not_valid_after_utc


def load_tls_identity(key_path: Path, certificate_path: Path, node: NodeCode) -> TlsIdentity:
    """The TLS identity from two PEM files; the first certificate is ours, the others lead to a root.

    Raises KeyFileTooOpen when others may read the key, KeyFileUnusable when a file cannot be read, the two do not
    belong together, or the certificate is not this node's for TLS.
    """
    key = load_signing_key(key_path, certificate_path, node, Role.TLS)
    return TlsIdentity(node, key.certificate, load_chain(certificate_path), _pem(key.private_key))


def load_domestic_identity(key_path: Path, certificate_path: Path, node: NodeCode) -> TlsIdentity:
    """The TLS identity shown to domestic systems; its certificate is whatever the domestic authority issues.

    Raises KeyFileTooOpen, KeyFileUnusable.
    """
    private_key, certificate = load_key_pair(key_path, certificate_path)
    return TlsIdentity(node, certificate, load_chain(certificate_path), _pem(private_key))


def _pem(private_key: PrivateKey) -> bytes:
    return private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_chain(path: Path) -> bytes:
    """The certificates of a PEM file, written anew without anything between them. Raises KeyFileUnusable."""
    try:
        chain = x509.load_pem_x509_certificates(read_file(path))
    except ValueError as error:
        raise KeyFileUnusable(path=path, detail="it holds no readable PEM certificate") from error
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)


def pem_fingerprint(certificate: bytes) -> str:
    """SHA-256 of one PEM certificate's DER, lower-case hex."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.decode("ascii"))).hexdigest()


class ServerIdentity:
    """What the server shows and whom it lets connect; each handshake takes what is current.

    Open connections keep what they began with until their age limit closes them.
    """

    def __init__(self, identity: TlsIdentity, client_roots: Iterable[bytes]) -> None:
        self._current = _configuration(identity, client_roots)

    def replace(self, identity: TlsIdentity, client_roots: Iterable[bytes]) -> None:
        """From the next handshake on, show `identity` and accept clients of `client_roots`."""
        self._current = _configuration(identity, client_roots)

    def credentials(self) -> grpc.ServerCredentials:
        """Mutual TLS for a server port; asks this object at every handshake."""
        # The fetcher runs on a thread of gRPC's core: it only hands out what is prepared.
        return grpc.dynamic_ssl_server_credentials(
            self._current, lambda: self._current, require_client_authentication=True
        )


def _configuration(identity: TlsIdentity, client_roots: Iterable[bytes]) -> grpc.ServerCertificateConfiguration:
    # gRPC demands a root. Without partners it is our own certificate, which opens the door to nobody else.
    roots = b"\n".join(client_roots) or identity.certificates
    return grpc.ssl_server_certificate_configuration(
        [(identity.private_key, identity.certificates)], root_certificates=roots
    )
