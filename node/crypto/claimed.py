"""Judging a detached signature at the moment it claims, whoever made it: for evidence, where nobody is enrolled.

Form, engine and coverage are those of the inbound judge (protocol 2, signature; security 6.9). Whose the certificate is
and who vouches for it is asked apart, by `party_of` and `issuer_among`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from signxml.algorithms import DigestAlgorithm

from node.crypto.algorithms import ALL_SIGNATURE_ALGORITHMS, SignatureAlgorithm
from node.crypto.certificates import der_of, fits, may_sign, valid_at
from node.crypto.detached_form import DetachedForm, read_detached_form
from node.crypto.engine import verify_detached
from node.crypto.keys import Role
from node.crypto.signature_parts import DS
from node.crypto.trust import fingerprint
from node.errors import (
    AlgorithmRefused,
    CertificateOutsideValidity,
    CertificateRefused,
    KeyInfoRefused,
    PackageMalformed,
    ReferenceRefused,
    SignatureForm,
    SignedPropertiesRefused,
    XmlError,
)
from node.model.document import MediaType
from node.model.ids import NODE_CODE, NodeCode
from node.safe_xml import SIGNATURE_LIMITS, canonical, parse

Certificate = x509.Certificate
"""A certificate, for those who may hold one but not look inside."""

MAX_PEM_BYTES = 24 * 1024
"""A certificate of 16 KiB (security 2.8) as PEM."""

_ROLE_URI = re.compile(rf"urn:n2n:v1:({NODE_CODE.pattern}):({'|'.join(Role)})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClaimedSignature:
    """A signature that holds for the holder of `certificate`; `signed_at` is only what the signer says."""

    certificate: Certificate
    algorithm: SignatureAlgorithm
    signed_at: datetime

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, lower-case hex."""
        return fingerprint(self.certificate)


@dataclass(frozen=True, slots=True)
class CanonicalParts:
    """What a signature's value and references cover, as Canonical XML 1.0; `value` is Base64 without white space."""

    signed_info: bytes
    signed_properties: bytes
    key_info: bytes
    value: str


def verify_claimed(content: bytes, name: str, media_type: MediaType, signature: bytes) -> ClaimedSignature:
    """Judge a signature over `content` under the Reference URI `name`, at its own SigningTime.

    Raises subclasses of SignatureError.
    """
    # 1. Size, safe parse, the agreed form and nothing else.
    form = read_form(signature, name, media_type)
    # 2. The first certificate is the signer's, and its key is one for this algorithm.
    signer = signer_of(form, name)
    if not fits(signer, form.algorithm):
        raise AlgorithmRefused(what=name, algorithm=form.algorithm)
    # 3. The engine: signature value and digests under that certificate. It looks at validity too, and tells nobody; a
    #    moment in the middle leaves that to step 6.
    begin, end = signer.not_valid_before_utc, signer.not_valid_after_utc
    within = begin + (end - begin) / 2
    octets = verify_detached(signature, {name: content}, signer, form.algorithm, len(form.references), within)
    # 4. What it verified is exactly the file, and the parts of the signature that we read.
    expected = {
        name: content,
        f"#{form.signed_properties.get('Id')}": canonical(form.signed_properties),
        f"#{form.key_info.get('Id')}": canonical(form.key_info),
    }
    if [expected[uri] for uri in form.references] != octets:
        raise ReferenceRefused(what=name, detail="what was verified is not what was read")
    return judge_signer(form, signer, name)


def judge_signer(form: DetachedForm, signer: Certificate, name: str) -> ClaimedSignature:
    """The last steps, once the signature holds under `signer`; raises subclasses of SignatureError."""
    # 5. The signed properties name that very certificate.
    digest_uri, digest = form.certificate_digest
    if signer.fingerprint(DigestAlgorithm(digest_uri).implementation()) != digest:
        raise SignedPropertiesRefused(what=name, detail="SigningCertificateV2 is not the signer's")
    # 6. The certificate may sign, and was valid then.
    party, role = party_of(signer) or ("?", name)
    if not may_sign(signer):
        raise CertificateRefused(partner=party, role=role, detail="its key usage is not digitalSignature")
    if not valid_at(signer, form.signing_time):
        raise CertificateOutsideValidity(partner=party, role=role, moment=form.signing_time.isoformat())
    return ClaimedSignature(signer, form.algorithm, form.signing_time)


def claimed_signer(name: str, media_type: MediaType, signature: bytes) -> ClaimedSignature:
    """What a signature says about its signer, without any judgement; raises subclasses of SignatureError."""
    form = read_form(signature, name, media_type)
    return ClaimedSignature(_certificate(form.certificates[0], name), form.algorithm, form.signing_time)


def canonical_parts(name: str, media_type: MediaType, signature: bytes) -> CanonicalParts:
    """The canonical octets of a signature's parts, for checking it without an XML engine; raises SignatureError."""
    form = read_form(signature, name, media_type)
    holder = form.key_info.getparent()
    if holder is None:  # the form was just read as a child of Signature
        raise SignatureForm(what=name, detail="KeyInfo stands alone")
    signed_info, value, *_ = holder
    if value.tag != DS + "SignatureValue":
        raise SignatureForm(what=name, detail="children of Signature")
    return CanonicalParts(
        canonical(signed_info),
        canonical(form.signed_properties),
        canonical(form.key_info),
        "".join((value.text or "").split()),
    )


def party_of(certificate: Certificate) -> tuple[NodeCode, Role] | None:
    """Whose certificate it is and for what, by its only SAN URI (protocol 2, Keys); None when it does not say."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None
    said = _ROLE_URI.fullmatch(uris[0]) if len(uris) == 1 else None
    return None if said is None else (NodeCode(said[1]), Role(said[2]))


def issuer_among(certificate: Certificate, anchors: Iterable[Certificate], moment: datetime) -> Certificate | None:
    """The anchor that issued the certificate and was valid at `moment`; an anchor also vouches for itself."""
    return next((anchor for anchor in anchors if _vouches(anchor, certificate, moment)), None)


def certificate_from_pem(data: bytes, name: str) -> Certificate:
    """The certificate of a file that holds it as PEM in its one spelling and nothing else; raises PackageMalformed."""
    if len(data) > MAX_PEM_BYTES:
        raise PackageMalformed(detail=f"{name} is larger than {MAX_PEM_BYTES} bytes")
    try:
        certificate = x509.load_pem_x509_certificate(data)
    except ValueError as error:
        raise PackageMalformed(detail=f"{name} is not a PEM certificate") from error
    if pem_of(certificate) != data:
        raise PackageMalformed(detail=f"{name} is not a PEM certificate in its one spelling")
    return certificate


def pem_of(certificate: Certificate) -> bytes:
    """The certificate as PEM: lines of 64 characters, each ended by a line feed (RFC 7468 2)."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def read_form(signature: bytes, name: str, media_type: MediaType) -> DetachedForm:
    """The signature, in the agreed form; raises subclasses of SignatureError."""
    try:
        root = parse(signature, SIGNATURE_LIMITS)
    except XmlError as error:
        raise SignatureForm(what=name, detail=f"not XML of the accepted form ({error.code})") from error
    return read_detached_form(root, name, media_type, ALL_SIGNATURE_ALGORITHMS)


def signer_of(form: DetachedForm, name: str) -> Certificate:
    """The first certificate, which is the signer's; raises KeyInfoRefused."""
    return _certificate(form.certificates[0], name)


def _certificate(der: bytes, name: str) -> Certificate:
    """A certificate from a stranger; what later steps read of it is read once here, where it may be refused."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.extensions, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except Exception as error:  # cryptography has half a dozen kinds, not all of them ValueErrors
        raise KeyInfoRefused(what=name) from error
    return certificate


def _vouches(anchor: Certificate, certificate: Certificate, moment: datetime) -> bool:
    if not valid_at(anchor, moment):
        return False
    if der_of(anchor) == der_of(certificate):
        return True
    try:
        certificate.verify_directly_issued_by(anchor)
        may_issue = anchor.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        usage = anchor.extensions.get_extension_for_class(x509.KeyUsage).value
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
    return may_issue and usage.key_cert_sign
