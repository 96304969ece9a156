"""What we hold true about one partner's keys: pinned certificates per role, anchors, agreed algorithms and suites.

All of it comes from files that two people agreed on; nothing a message carries ever adds to it (security 2.1 X3, X4).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from node.crypto.algorithms import SignatureAlgorithm, Suite
from node.crypto.files import read_file
from node.crypto.keys import Role
from node.errors import KeyFileUnusable
from node.model.ids import NodeCode

MAX_CERTIFICATE_BYTES = 16 * 1024
"""One certificate, DER (security 2.8)."""

MAX_CERTIFICATES_PER_FILE = 64
"""A trust file lists a partner's certificates, not a public web of them."""


@dataclass(frozen=True, slots=True)
class PartnerTrust:
    """One partner's certificates by role, the anchors they must come from, and the algorithms and suites agreed.

    Without anchors the pinned certificates alone decide. `suites` is in order of preference. `issuers` are certificates
    of authorities whose signatures inside papers we accept from this partner.
    """

    partner: NodeCode
    sign: tuple[x509.Certificate, ...]
    receipt: tuple[x509.Certificate, ...]
    anchors: tuple[x509.Certificate, ...]
    algorithms: frozenset[SignatureAlgorithm]
    suites: tuple[Suite, ...]
    issuers: tuple[x509.Certificate, ...] = ()

    def certificates_for(self, role: Role) -> tuple[x509.Certificate, ...]:
        """The certificates enrolled for a signing role; none for TLS, which the transport judges."""
        match role:
            case Role.SIGN:
                return self.sign
            case Role.RECEIPT:
                return self.receipt
            case Role.TLS:
                return ()


@lru_cache(maxsize=256)
def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, 64 lower-case hex characters."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def public_key_info(certificate: x509.Certificate) -> bytes:
    """The certificate's SubjectPublicKeyInfo, DER: equal exactly when two certificates hold the same key."""
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def load_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file, 1 to 64, in file order; raises KeyFileUnusable."""
    data = read_file(path)
    try:
        certificates = tuple(x509.load_pem_x509_certificates(data))
    except ValueError as error:
        raise KeyFileUnusable(path=path, detail="it holds no readable PEM certificates") from error
    if len(certificates) > MAX_CERTIFICATES_PER_FILE:
        raise KeyFileUnusable(path=path, detail=f"it holds more than {MAX_CERTIFICATES_PER_FILE} certificates")
    if any(len(one.public_bytes(serialization.Encoding.DER)) > MAX_CERTIFICATE_BYTES for one in certificates):
        raise KeyFileUnusable(path=path, detail=f"a certificate is larger than {MAX_CERTIFICATE_BYTES} bytes")
    return certificates
