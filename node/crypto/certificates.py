"""Judging the certificate behind a signature: whose it is, for what, from whom and when (security 2.1 X3, X4; 2.2).

What a certificate says, and who issued it, is in its bytes and is found out once; whether it is valid, each time.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.keys import Role, names_role
from node.crypto.trust import PartnerTrust
from node.errors import AlgorithmRefused, CertificateOutsideValidity, CertificateRefused, SignerUnknown

_REMEMBERED = 256
"""Certificates looked at by turns: a few for each partner, and those of evidence."""


def enrolled(der: bytes, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The pinned certificate with exactly these bytes; what a message carries is never used itself."""
    return next((one for one in certificates if der_of(one) == der), None)


@lru_cache(maxsize=_REMEMBERED)
def der_of(certificate: x509.Certificate) -> bytes:
    """The certificate's DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def partner_certificate(
    der: bytes, role: Role, algorithm: SignatureAlgorithm, trust: PartnerTrust, now: datetime, what: str
) -> x509.Certificate:
    """The partner's own certificate for this role, judged at `now`.

    Raises SignerUnknown, CertificateRefused, CertificateOutsideValidity, AlgorithmRefused.
    """
    certificate = enrolled(der, trust.certificates_for(role))
    if certificate is None:
        raise SignerUnknown(what=what, partner=trust.partner, role=role)
    if not names_role(certificate, trust.partner, role):
        raise CertificateRefused(partner=trust.partner, role=role, detail="its SAN names another node or role")
    if not may_sign(certificate):
        raise CertificateRefused(partner=trust.partner, role=role, detail="its key usage is not digitalSignature")
    if trust.anchors and not any(_issued_by(certificate, anchor, now) for anchor in trust.anchors):
        raise CertificateRefused(partner=trust.partner, role=role, detail="no anchor of the partner issued it")
    if not valid_at(certificate, now):
        raise CertificateOutsideValidity(partner=trust.partner, role=role, moment=now.isoformat())
    if not fits(certificate, algorithm):
        raise AlgorithmRefused(what=what, algorithm=algorithm)
    return certificate


def valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether `now` lies in the certificate's validity, both ends included (RFC 5280 4.1.2.5)."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


@lru_cache(maxsize=_REMEMBERED)
def may_sign(certificate: x509.Certificate) -> bool:
    """Whether key usage has digitalSignature (RFC 5280 4.2.1.3); without key usage it has not."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


@lru_cache(maxsize=_REMEMBERED)
def fits(certificate: x509.Certificate, algorithm: SignatureAlgorithm) -> bool:
    """Whether the certificate's key is of the type, curve and size the algorithm demands."""
    try:
        return algorithm.fits(certificate.public_key())
    except (UnsupportedAlgorithm, ValueError):
        return False


def _issued_by(certificate: x509.Certificate, anchor: x509.Certificate, now: datetime) -> bool:
    return _issued_by_authority(certificate, anchor) and valid_at(anchor, now)


@lru_cache(maxsize=_REMEMBERED)
def _issued_by_authority(certificate: x509.Certificate, anchor: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(anchor)
        return anchor.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError, x509.ExtensionNotFound):
        return False
