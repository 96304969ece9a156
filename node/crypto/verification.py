"""The inbound judge, and the only maker of Verified values: each `verify_` function is a list of numbered steps.

    verified = verify_seal(seal, purpose=Purpose.PAPERS, recipient=us, trust=partner.trust, now=clock.now())
    verify_place(verified, leaf, envelope.place)

Bytes, trust and a moment in; a Verified value or a NodeError out. Nothing is logged, fetched or remembered here
(security 6.9). Revocation is not judged yet.
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from datetime import datetime, timedelta

from cryptography import x509
from signxml.algorithms import DigestAlgorithm

from node import merkle
from node.crypto.certificates import enrolled, fits, may_sign, partner_certificate, valid_at
from node.crypto.detached_form import DetachedForm, read_detached_form
from node.crypto.engine import verify_detached, verify_enveloped
from node.crypto.enveloped_form import WHAT, EnvelopedForm, octets_without_signature, read_enveloped_form
from node.crypto.key_statement import announcement_from_xml
from node.crypto.keys import AnnouncedKey, Role
from node.crypto.manifest import manifest_from_xml
from node.crypto.own_form import read_own_form
from node.crypto.trust import PartnerTrust, fingerprint
from node.errors import (
    AlgorithmRefused,
    CertificateOutsideValidity,
    CertificateRefused,
    KeyInfoRefused,
    KeyStatementRefused,
    ManifestRefused,
    NotForUs,
    NotWholeRoot,
    PathRefused,
    ReferenceRefused,
    SenderMismatch,
    SignatureForm,
    SignedPropertiesRefused,
    SignerUnknown,
    SigningTimeAhead,
    Unexpected,
    XmlError,
)
from node.model.document import MediaType
from node.model.envelope import Manifest, Place, Purpose, Seal
from node.model.ids import Digest, Leaf, NodeCode, sha256
from node.model.receipt import KeyStatement
from node.safe_xml import DOCUMENT_LIMITS, SIGNATURE_LIMITS, Element, canonical, parse

SEAL_MEDIA_TYPE = MediaType.XML
"""What a seal's signature says its manifest is."""

MAX_AHEAD = timedelta(minutes=5)
"""How far a signer's clock may be ahead of ours (protocol 2, signature)."""

_ISSUER = "issuer"
_HERE = object()


@dataclass(frozen=True, slots=True)
class VerifiedSeal:
    """A seal whose manifest is the partner's, for this purpose and for us."""

    manifest: Manifest
    seal: Seal
    partner: NodeCode
    role: Role
    signer_fingerprint: str
    signed_at: datetime
    made: InitVar[object]

    def __post_init__(self, made: object) -> None:
        _require_made_here(made)


@dataclass(frozen=True, slots=True)
class VerifiedLeaf:
    """A leaf that the seal covers at this place."""

    leaf: Leaf
    seal: VerifiedSeal
    place: Place
    made: InitVar[object]

    def __post_init__(self, made: object) -> None:
        _require_made_here(made)


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A document that the partner's sign key signed, byte for byte."""

    document_sha256: Digest
    signer_fingerprint: str
    signed_at: datetime
    partner: NodeCode
    made: InitVar[object]

    def __post_init__(self, made: object) -> None:
        _require_made_here(made)


@dataclass(frozen=True, slots=True)
class VerifiedIssuer:
    """A document that its issuing authority signed as a whole; `signed_octets` is what the signature covers."""

    document_sha256: Digest
    signer_fingerprint: str
    signed_octets: bytes
    made: InitVar[object]

    def __post_init__(self, made: object) -> None:
        _require_made_here(made)


@dataclass(frozen=True, slots=True)
class VerifiedKeyStatement:
    """Keys that a partner announced itself."""

    node: NodeCode
    sequence: int
    keys: tuple[AnnouncedKey, ...]
    statement: KeyStatement
    made: InitVar[object]

    def __post_init__(self, made: object) -> None:
        _require_made_here(made)


def role_of(purpose: Purpose) -> Role:
    """Which of a node's keys seals for this purpose (protocol 1 Lookup, 2, 3)."""
    return Role.SIGN if purpose is Purpose.PAPERS else Role.RECEIPT


def verify_seal(
    seal: Seal, *, purpose: Purpose, recipient: NodeCode, trust: PartnerTrust, now: datetime
) -> VerifiedSeal:
    """Judge a seal (protocol 2, Order at the receiver).

    Raises subclasses of SignatureError, SenderMismatch, NotForUs.
    """
    # 1. The signature is one over exactly these manifest bytes, under this purpose's name, by the key for this purpose.
    role = role_of(purpose)
    signer = _verify_detached(seal.manifest, purpose.file_name, SEAL_MEDIA_TYPE, seal.signature, role, trust, now)
    # 2. Only now the manifest is read, and only in its one form.
    manifest = manifest_from_xml(seal.manifest)
    # 3. It is for the purpose asked for.
    if manifest.purpose is not purpose:
        raise ManifestRefused(detail=f"it is for {manifest.purpose}, not for {purpose}")
    # 4. The sender it names owns the key that signed.
    if manifest.sender != trust.partner:
        raise SenderMismatch(claimed=manifest.sender, proved=trust.partner)
    # 5. It is for us.
    if manifest.recipient != recipient:
        raise NotForUs(recipient=manifest.recipient)
    return VerifiedSeal(manifest, seal, trust.partner, role, signer.fingerprint, signer.signed_at, made=_HERE)


def verify_place(seal: VerifiedSeal, leaf: Leaf, place: Place) -> VerifiedLeaf:
    """Judge whether the leaf stands under the seal's root at this place (RFC 6962 2.1.1); raises PathRefused."""
    try:
        root = merkle.root_from_path(leaf, place.leaf_index, seal.manifest.count, place.path)
    except ValueError as error:
        raise PathRefused from error
    if root != seal.manifest.root:
        raise PathRefused
    return VerifiedLeaf(leaf, seal, place, made=_HERE)


def verify_document_signature(
    document: bytes, media_type: MediaType, signature: bytes, *, trust: PartnerTrust, now: datetime
) -> VerifiedSignature:
    """Judge the partner's own signature over the exact bytes of a document; raises subclasses of SignatureError."""
    signer = _verify_detached(document, media_type.file_name, media_type, signature, Role.SIGN, trust, now)
    return VerifiedSignature(sha256(document), signer.fingerprint, signer.signed_at, trust.partner, made=_HERE)


def verify_key_statement(statement: KeyStatement, *, trust: PartnerTrust, now: datetime) -> VerifiedKeyStatement:
    """Judge a key statement (protocol 2, Keys); raises subclasses of SignatureError, SenderMismatch."""
    # 1. The partner's sign key signed exactly these bytes.
    verify_document_signature(statement.document, MediaType.XML, statement.signature, trust=trust, now=now)
    # 2. They are a key statement in its one form.
    announcement = announcement_from_xml(statement.document)
    # 3. The keys are the partner's own.
    if announcement.node != trust.partner:
        raise SenderMismatch(claimed=announcement.node, proved=trust.partner)
    # 4. Its sequence is not from the future: such a one would shut out every later statement.
    if announcement.sequence > (now + MAX_AHEAD).timestamp() * 1000:
        raise KeyStatementRefused(node=announcement.node, detail="its sequence lies in the future")
    return VerifiedKeyStatement(announcement.node, announcement.sequence, announcement.keys, statement, made=_HERE)


def verify_issuer_signature(document: bytes, *, issuers: Sequence[x509.Certificate], now: datetime) -> VerifiedIssuer:
    """Judge the issuing authority's signature inside its document by the whole-root rule (security 2.1 X1, 6.9).

    Raises subclasses of XmlError and SignatureError.
    """
    # 1. Size, safe parse, identifiers unique in every spelling.
    root = parse(document, DOCUMENT_LIMITS)
    # 2. One signature, a child of the root, over the whole root and nothing else; agreed transforms and algorithms.
    form = read_enveloped_form(root)
    # 3. The signer is an enrolled issuer; the certificate in the document only says which.
    signer = _issuer_certificate(form, issuers, now)
    # 4. The engine: signature value and digests under that certificate.
    octets = verify_enveloped(
        document, signer, form.algorithm, form.references, form.signed_properties is not None, now
    )
    # 5. What it verified is the whole root without its signature, by our own parse.
    covered = octets[form.data_reference]
    if covered != octets_without_signature(root, form):
        raise NotWholeRoot(what=WHAT)
    # 6. A claimed signing time fits the certificate and is not ahead.
    _require_issuer_time(form, signer, now)
    return VerifiedIssuer(sha256(document), fingerprint(signer), covered, made=_HERE)


@dataclass(frozen=True, slots=True)
class _Signer:
    fingerprint: str
    signed_at: datetime


def _verify_detached(
    content: bytes, name: str, media_type: MediaType, signature: bytes, role: Role, trust: PartnerTrust, now: datetime
) -> _Signer:
    """Judge a detached XAdES signature over `content` under the Reference URI `name` (security 6.9, protocol 2)."""
    # 1. The form that nodes of ours write, without an XML engine. It only ever says yes, or refuses by a look at the
    #    certificate or the time that 2 would take in the same words.
    given = content, name, media_type, signature, role, trust, now
    # 2. Everybody else's, and whatever 1 did not find to hold.
    return _verify_own_form(*given) or _verify_general_form(*given)


def _verify_own_form(
    content: bytes, name: str, media_type: MediaType, signature: bytes, role: Role, trust: PartnerTrust, now: datetime
) -> _Signer | None:
    """Judge a signature that is byte for byte what our writer makes; None leaves it to the general form."""
    # 1. Written again from its variable values it gives the same bytes, so the file's name, the three references, their
    #    digests over this file and these parts, and the certificate's digest are as they must be.
    form = read_own_form(content, name, media_type, signature)
    # 2. Its algorithm is agreed.
    if form is None or form.algorithm not in trust.algorithms:
        return None
    # 3. The signer's certificate is enrolled for this partner and role, is what it should be and valid now.
    signer = partner_certificate(form.certificate, role, form.algorithm, trust, now, name)
    # 4. The one signature value, over the SignedInfo that was written here, under that certificate.
    if not form.holds_under(signer):
        return None
    # 5. The signing time is not ahead.
    return _signer_in_time(signer, form.signing_time, now, name)


def _verify_general_form(
    content: bytes, name: str, media_type: MediaType, signature: bytes, role: Role, trust: PartnerTrust, now: datetime
) -> _Signer:
    """Judge a signature in any spelling that protocol 2 admits."""
    # 1. Size, safe parse.
    root = _parse_signature(signature, name)
    # 2. Wrapper, single signature, exact form: C14N, agreed algorithms, three references, no transforms, certificates.
    form = read_detached_form(root, name, media_type, trust.algorithms)
    # 3. The signer's certificate is enrolled for this partner and role, is what it should be and valid now.
    signer = partner_certificate(form.certificates[0], role, form.algorithm, trust, now, name)
    # 4. The engine: signature value and digests under that certificate.
    octets = verify_detached(signature, {name: content}, signer, form.algorithm, len(form.references), now)
    # 5. What it verified is exactly the file, and the parts of the signature that we read.
    _require_coverage(form, octets, name, content)
    # 6. The signed properties name that very certificate, and a time that is not ahead.
    digest_uri, digest = form.certificate_digest
    if signer.fingerprint(DigestAlgorithm(digest_uri).implementation()) != digest:
        raise SignedPropertiesRefused(what=name, detail="SigningCertificateV2 is not the signer's")
    return _signer_in_time(signer, form.signing_time, now, name)


def _signer_in_time(certificate: x509.Certificate, signing_time: datetime, now: datetime, name: str) -> _Signer:
    if signing_time > now + MAX_AHEAD:
        raise SigningTimeAhead(what=name)
    return _Signer(fingerprint(certificate), signing_time)


def _parse_signature(signature: bytes, name: str) -> Element:
    try:
        return parse(signature, SIGNATURE_LIMITS)
    except XmlError as error:
        raise SignatureForm(what=name, detail=f"not XML of the accepted form ({error.code})") from error


def _require_coverage(form: DetachedForm, octets: Sequence[bytes], name: str, content: bytes) -> None:
    """A count of references is not coverage (recipes 9): compare the octets of each with what it must cover."""
    expected = {
        name: content,
        f"#{form.signed_properties.get('Id')}": canonical(form.signed_properties),
        f"#{form.key_info.get('Id')}": canonical(form.key_info),
    }
    if [expected[uri] for uri in form.references] != list(octets):
        raise ReferenceRefused(what=name, detail="what was verified is not what was read")


def _issuer_certificate(form: EnvelopedForm, issuers: Sequence[x509.Certificate], now: datetime) -> x509.Certificate:
    """The one enrolled issuer among the document's certificates, able to sign and valid now."""
    found = [certificate for der in form.certificates if (certificate := enrolled(der, issuers)) is not None]
    if not found:
        raise SignerUnknown(what=WHAT, partner="?", role=_ISSUER)
    if len(found) > 1:
        raise KeyInfoRefused(what=WHAT)
    signer = found[0]
    if not fits(signer, form.algorithm):
        raise AlgorithmRefused(what=WHAT, algorithm=form.algorithm)
    if not may_sign(signer):
        raise CertificateRefused(partner="?", role=_ISSUER, detail="its key usage is not digitalSignature")
    if not valid_at(signer, now):
        raise CertificateOutsideValidity(partner="?", role=_ISSUER, moment=now.isoformat())
    return signer


def _require_issuer_time(form: EnvelopedForm, signer: x509.Certificate, now: datetime) -> None:
    if form.signing_time is None:
        return
    if form.signing_time > now + MAX_AHEAD:
        raise SigningTimeAhead(what=WHAT)
    if not valid_at(signer, form.signing_time):
        raise SignedPropertiesRefused(what=WHAT, detail="SigningTime lies outside the certificate's validity")


def _require_made_here(made: object) -> None:
    if made is not _HERE:
        raise Unexpected(detail="a Verified value that the verifier did not make")
