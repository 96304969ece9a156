"""Our own keys, one per role, and the public keys nodes announce to each other (protocol 2, Keys)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from node.crypto.algorithms import PrivateKey, SignatureAlgorithm, default_algorithm
from node.crypto.decryption import (
    AnnouncedKey,
    DecryptionKey,
    KeyUse,
    decryption_key_file_name,
    generate_decryption_key,
    key_id,
    load_decryption_key,
    load_decryption_keys,
    save_decryption_key,
)
from node.crypto.files import read_file
from node.errors import KeyFileUnusable, KeyRolesShared
from node.model.ids import NodeCode

__all__ = [
    "AnnouncedKey",
    "DecryptionKey",
    "KeyUse",
    "OwnKeys",
    "Role",
    "SigningKey",
    "decryption_key_file_name",
    "generate_decryption_key",
    "key_id",
    "load_decryption_key",
    "load_decryption_keys",
    "load_signing_key",
    "names_role",
    "require_distinct_roles",
    "role_uri",
    "save_decryption_key",
]


class Role(StrEnum):
    """What a certificate's key is for; one key, one role (security 2.2 C5)."""

    TLS = "tls"
    SIGN = "sign"
    RECEIPT = "receipt"


def role_uri(code: str, role: Role) -> str:
    """The URI that the certificate's SAN carries: `urn:n2n:v1:<code>:<role>` (protocol 2, Keys)."""
    return f"urn:n2n:v1:{code}:{role}"


def names_role(certificate: x509.Certificate, code: str, role: Role) -> bool:
    """Whether the certificate's SAN carries exactly one URI and it is this node's in this role."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.UniformResourceIdentifier) == [role_uri(code, role)]
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of ours with its certificate; `algorithm` is what it signs with."""

    node: NodeCode
    role: Role
    private_key: PrivateKey = field(repr=False)
    certificate: x509.Certificate
    algorithm: SignatureAlgorithm

    @property
    def not_after(self) -> datetime:
        """When the certificate ends, UTC."""
        return self.certificate.not_valid_after_utc


def load_signing_key(
    key_path: Path,
    certificate_path: Path,
    node: NodeCode,
    role: Role,
    algorithm: SignatureAlgorithm | None = None,
) -> SigningKey:
    """The key and certificate of one role, from two PEM files.

    The first certificate of the file is ours. Raises KeyFileTooOpen when others may read the key, KeyFileUnusable when
    a file cannot be read, the two do not belong together, or the certificate names another node or role.
    """
    private_key, certificate = load_key_pair(key_path, certificate_path)
    if not names_role(certificate, node, role):
        raise KeyFileUnusable(path=certificate_path, detail=f"its only SAN URI is not {role_uri(node, role)}")
    chosen = algorithm or default_algorithm(private_key.public_key())
    if chosen is None or not chosen.fits(private_key.public_key()):
        raise KeyFileUnusable(
            path=key_path,
            detail="it is not a P-256, P-384 or RSA key (3072 to 4096 bits) fit for its algorithm",
        )
    return SigningKey(node, role, private_key, certificate, chosen)


def load_key_pair(key_path: Path, certificate_path: Path) -> tuple[PrivateKey, x509.Certificate]:
    """A private key and its certificate, the first of the file, whatever that names.

    Raises KeyFileTooOpen, KeyFileUnusable when a file cannot be read or the two do not belong together.
    """
    private_key = _private_key(key_path)
    certificate = _first_certificate(certificate_path)
    if certificate.public_key() != private_key.public_key():
        raise KeyFileUnusable(path=certificate_path, detail=f"it does not belong to the key {key_path}")
    return private_key, certificate


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """Everything of ours that signs papers and receipts or opens bodies; the TLS key stays with the transport."""

    node: NodeCode
    sign: SigningKey
    receipt: SigningKey
    decryption: tuple[DecryptionKey, ...] = field(repr=False)

    def require_distinct(self, tls_certificate: x509.Certificate | None = None) -> None:
        """Raise KeyRolesShared when two of the roles, TLS included when given, use the same key."""
        certificates = [(Role.SIGN, self.sign.certificate), (Role.RECEIPT, self.receipt.certificate)]
        if tls_certificate is not None:
            certificates.append((Role.TLS, tls_certificate))
        require_distinct_roles(certificates)


def require_distinct_roles(certificates: Sequence[tuple[Role, x509.Certificate]]) -> None:
    """Raise KeyRolesShared when certificates of two different roles hold the same public key."""
    for (first, one), (second, other) in combinations(certificates, 2):
        if first is not second and one.public_key() == other.public_key():
            raise KeyRolesShared(first=first, second=second)


def _private_key(path: Path) -> PrivateKey:
    data = read_file(path, private=True)
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileUnusable(path=path, detail="it holds no readable PEM private key without passphrase") from error
    except Exception as error:  # UnsupportedAlgorithm has no common base with the two above
        raise KeyFileUnusable(path=path, detail="its kind of key is not supported") from error
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise KeyFileUnusable(path=path, detail="the key is neither EC nor RSA")
    return key


def _first_certificate(path: Path) -> x509.Certificate:
    data = read_file(path)
    try:
        return x509.load_pem_x509_certificates(data)[0]
    except ValueError as error:
        raise KeyFileUnusable(path=path, detail="it holds no readable PEM certificate") from error
