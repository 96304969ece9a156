"""Seals: who may seal what for whom, places under a seal, and that our own work is judged before it leaves."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from node import merkle
from node.crypto import verification
from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.keys import Role, role_uri
from node.crypto.manifest import manifest_to_xml
from node.crypto.seal import body_digest, make_seal, paper_leaf, receipt_leaf
from node.crypto.trust import PartnerTrust, fingerprint
from node.crypto.verification import VerifiedSeal, role_of, verify_document_signature, verify_place, verify_seal
from node.crypto.xades import sign_detached
from node.errors import (
    AlgorithmRefused,
    CertificateOutsideValidity,
    CertificateRefused,
    ManifestRefused,
    NodeError,
    NotForUs,
    OwnWorkFailed,
    PathRefused,
    ReferenceRefused,
    SenderMismatch,
    SignatureInvalid,
    SignerUnknown,
    SigningTimeAhead,
    Unexpected,
)
from node.model.document import MediaType
from node.model.envelope import Manifest, Place, Purpose, Seal
from node.model.ids import Digest, Leaf

XML = "application/xml"
FILE_NAMES = ("seal.xml", "receipt-seal.xml", "lookup-seal.xml", "document.xml", "document.json")


def leaves_of(count: int) -> list[Leaf]:
    return [receipt_leaf(number.to_bytes(2, "big")) for number in range(count)]


def seal_of(lab: SimpleNamespace, purpose: Purpose = Purpose.PAPERS, count: int = 3) -> Seal:
    key = lab.xa.key(role_of(purpose))
    return make_seal(leaves_of(count), purpose, lab.XA, lab.XB, key, lab.NOW, lab.xa.trust, "trade", 1)[0]


def judged(lab: SimpleNamespace, seal: Seal, **changes: object) -> VerifiedSeal:
    arguments = {"purpose": Purpose.PAPERS, "recipient": lab.XB, "trust": lab.xa.trust, "now": lab.NOW} | changes
    return verify_seal(seal, **arguments)


# --- digests --------------------------------------------------------------------------------------------------------


def test_digests_are_the_ones_a_shell_can_recompute() -> None:
    salt, metadata, document, header = bytes(32), b"metadata", b"document", b"header"
    inner = salt + hashlib.sha256(metadata).digest() + hashlib.sha256(document).digest()
    digest = body_digest(salt, metadata, document)
    assert digest == hashlib.sha256(inner).digest()
    assert paper_leaf(header, digest) == hashlib.sha256(b"\x00" + hashlib.sha256(header).digest() + digest).digest()
    assert receipt_leaf(b"receipt") == hashlib.sha256(b"\x00receipt").digest()


# --- what holds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_a_seal_of_every_algorithm_verifies(lab: SimpleNamespace, algorithm: SignatureAlgorithm) -> None:
    country = lab.with_algorithm(algorithm)
    seal, places = make_seal(leaves_of(5), Purpose.PAPERS, lab.XA, lab.XB, country.sign, lab.NOW, country.trust, "p", 2)
    verified = judged(lab, seal, trust=country.trust)
    assert verified.manifest.root == merkle.root(leaves_of(5))
    assert (verified.partner, verified.role) == ("XA", Role.SIGN)
    assert verified.signer_fingerprint == fingerprint(country.sign.certificate)
    assert verified.signed_at == lab.NOW.replace(microsecond=0)
    assert (verified.manifest.profile, verified.manifest.profile_version) == ("p", 2)
    for leaf, place in zip(leaves_of(5), places, strict=True):
        assert verify_place(verified, leaf, place).seal is verified


@pytest.mark.parametrize("count", [1, 2, 63, 64])
def test_every_place_of_a_seal_verifies_and_no_other_does(lab: SimpleNamespace, count: int) -> None:
    leaves = leaves_of(count)
    seal, places = make_seal(leaves, Purpose.RECEIPTS, lab.XA, lab.XB, lab.xa.receipt, lab.NOW, lab.xa.trust)
    verified = judged(lab, seal, purpose=Purpose.RECEIPTS)
    for index, place in enumerate(places):
        assert verify_place(verified, leaves[index], place).place == place
        wrong = leaves[(index + 1) % count] if count > 1 else receipt_leaf(b"other")
        with pytest.raises(PathRefused):
            verify_place(verified, wrong, place)
        for other in {index - 1, index + 1, count} - {index}:
            with pytest.raises(PathRefused):
                verify_place(verified, leaves[index], replace(place, leaf_index=other))
        with pytest.raises(PathRefused):
            verify_place(verified, leaves[index], Place(index, (*place.path, bytes(32))))


@pytest.mark.parametrize("count", [0, 65])
def test_a_seal_covers_1_to_64_leaves(lab: SimpleNamespace, count: int) -> None:
    with pytest.raises(ManifestRefused):
        seal_of(lab, count=count)


# --- purposes and roles ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("role", Role)
def test_each_purpose_is_sealed_by_exactly_one_role(lab: SimpleNamespace, purpose: Purpose, role: Role) -> None:
    def make() -> Seal:
        return make_seal(leaves_of(1), purpose, lab.XA, lab.XB, lab.xa.key(role), lab.NOW, lab.xa.trust)[0]

    if role is {"papers": Role.SIGN, "receipts": Role.RECEIPT, "lookups": Role.RECEIPT}[purpose]:
        assert judged(lab, make(), purpose=purpose).role is role
    else:
        with pytest.raises(OwnWorkFailed):
            make()
        manifest = manifest_to_xml(Manifest(purpose, lab.XA, lab.XB, lab.NOW, 1, Digest(bytes(32))))
        signature = sign_detached(manifest, purpose.file_name, XML, lab.xa.key(role), lab.NOW)
        with pytest.raises(SignerUnknown):
            judged(lab, Seal(manifest, signature), purpose=purpose)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("asked", Purpose)
def test_a_seal_serves_only_its_own_purpose(lab: SimpleNamespace, purpose: Purpose, asked: Purpose) -> None:
    seal = seal_of(lab, purpose)
    if purpose is asked:
        assert judged(lab, seal, purpose=asked)
    else:
        with pytest.raises((ReferenceRefused, SignerUnknown)):
            judged(lab, seal, purpose=asked)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("inner", Purpose)
def test_a_manifest_of_one_purpose_under_the_name_of_another_is_refused(
    lab: SimpleNamespace, purpose: Purpose, inner: Purpose
) -> None:
    # Signed by the right key under the right name; only the manifest inside is another's.
    manifest = manifest_to_xml(Manifest(inner, lab.XA, lab.XB, lab.NOW, 1, Digest(bytes(32))))
    signature = sign_detached(manifest, purpose.file_name, XML, lab.xa.key(role_of(purpose)), lab.NOW)
    if purpose is inner:
        assert judged(lab, Seal(manifest, signature), purpose=purpose)
    else:
        with pytest.raises(ManifestRefused):
            judged(lab, Seal(manifest, signature), purpose=purpose)


@pytest.mark.parametrize("signed_as", FILE_NAMES)
@pytest.mark.parametrize("judged_as", FILE_NAMES)
def test_a_signature_passes_only_under_the_name_it_was_made_for(
    lab: SimpleNamespace, signed_as: str, judged_as: str
) -> None:
    manifest = seal_of(lab).manifest
    media_type = "application/json" if signed_as.endswith("json") else XML
    signature = sign_detached(manifest, signed_as, media_type, lab.xa.sign, lab.NOW)
    trust = replace(lab.xa.trust, receipt=lab.xa.trust.sign)  # so that only the name tells them apart

    def judge() -> object:
        for purpose in Purpose:
            if purpose.file_name == judged_as:
                return verify_seal(
                    Seal(manifest, signature), purpose=purpose, recipient=lab.XB, trust=trust, now=lab.NOW
                )
        kind = MediaType.XML if judged_as == "document.xml" else MediaType.JSON
        return verify_document_signature(manifest, kind, signature, trust=trust, now=lab.NOW)

    if signed_as != judged_as:
        with pytest.raises(ReferenceRefused):
            judge()
    elif judged_as.startswith(("receipt", "lookup")):
        with pytest.raises(CertificateRefused):  # the sign key's SAN, in the receipt role
            judge()
    else:
        assert judge()


# --- who, for whom --------------------------------------------------------------------------------------------------


def test_a_seal_for_another_node_is_refused(lab: SimpleNamespace) -> None:
    with pytest.raises(NotForUs) as refusal:
        judged(lab, seal_of(lab), recipient=lab.XC)
    assert refusal.value.fields["recipient"] == "XB"


def test_a_partner_speaks_only_for_itself(lab: SimpleNamespace) -> None:
    manifest = manifest_to_xml(Manifest(Purpose.PAPERS, lab.XC, lab.XB, lab.NOW, 1, Digest(bytes(32))))
    seal = Seal(manifest, sign_detached(manifest, "seal.xml", XML, lab.xa.sign, lab.NOW))
    with pytest.raises(SenderMismatch) as refusal:
        judged(lab, seal)
    assert refusal.value.fields == {"claimed": "XC", "proved": "XA"}


@pytest.mark.parametrize("authority", ["own", "shared"])
@pytest.mark.parametrize("purpose", Purpose)
def test_no_partner_passes_as_another(lab: SimpleNamespace, authority: str, purpose: Purpose) -> None:
    codes = (lab.XA, lab.XB, lab.XC)
    shared = lab.new_authority("Shared root") if authority == "shared" else None
    countries = {code: lab.new_country(code, shared) for code in codes}
    for claimed in codes:
        for actual in codes:
            key, recipient = countries[actual].key(role_of(purpose)), next(code for code in codes if code != claimed)
            manifest = manifest_to_xml(Manifest(purpose, claimed, recipient, lab.NOW, 1, Digest(bytes(32))))
            seal = Seal(manifest, sign_detached(manifest, purpose.file_name, XML, key, lab.NOW))
            arguments = {"purpose": purpose, "recipient": recipient, "trust": countries[claimed].trust}
            if claimed == actual:
                assert judged(lab, seal, **arguments).partner == claimed
            else:
                with pytest.raises(SignerUnknown):
                    judged(lab, seal, **arguments)


# --- certificates ---------------------------------------------------------------------------------------------------


def with_certificate(
    lab: SimpleNamespace, private_key: object, certificate: x509.Certificate
) -> tuple[Seal, PartnerTrust]:
    """A seal signed with a key whose partner has enrolled just this certificate."""
    key = replace(lab.xa.sign, private_key=private_key, certificate=certificate)
    manifest = manifest_to_xml(Manifest(Purpose.PAPERS, lab.XA, lab.XB, lab.NOW, 1, Digest(bytes(32))))
    seal = Seal(manifest, sign_detached(manifest, "seal.xml", XML, key, lab.NOW))
    return seal, replace(lab.xa.trust, sign=(certificate,))


@pytest.mark.parametrize(
    "uris",
    [
        [],
        ["urn:n2n:v1:XB:sign"],
        ["urn:n2n:v1:XA:receipt"],
        ["urn:n2n:v1:XA:tls"],
        ["urn:n2n:v1:XA:sign:more"],
        ["URN:n2n:v1:XA:sign"],
        ["urn:n2n:v2:XA:sign"],
        ["urn:n2n:v1:XA:sign", "urn:n2n:v1:XA:receipt"],
        ["urn:n2n:v1:XA:sign", "urn:n2n:v1:XA:sign"],
    ],
)
def test_an_enrolled_certificate_with_another_name_is_refused(lab: SimpleNamespace, uris: list[str]) -> None:
    key = lab.new_key()
    seal, trust = with_certificate(lab, key, lab.xa.authority.issue(key.public_key(), uris))
    with pytest.raises(CertificateRefused, match="SAN"):
        judged(lab, seal, trust=trust)


@pytest.mark.parametrize("usage", [False, None])
def test_an_enrolled_certificate_that_may_not_sign_is_refused(lab: SimpleNamespace, usage: bool | None) -> None:
    key = lab.new_key()
    uris = [role_uri(lab.XA, Role.SIGN)]
    certificate = lab.xa.authority.issue(key.public_key(), uris, digital_signature=usage)
    seal, trust = with_certificate(lab, key, certificate)
    with pytest.raises(CertificateRefused, match="usage"):
        judged(lab, seal, trust=trust)


def test_a_certificate_from_another_anchor_is_refused(lab: SimpleNamespace) -> None:
    for authority in (
        lab.new_authority("Root of XA"),
        lab.xb.authority,
    ):  # the same name with another key; another name
        key = lab.signing_key(authority, lab.XA, Role.SIGN)
        seal, trust = with_certificate(lab, key.private_key, key.certificate)
        with pytest.raises(CertificateRefused, match="anchor"):
            judged(lab, seal, trust=trust)
        # Without anchors the pin alone decides; with several, one is enough.
        assert judged(lab, seal, trust=replace(trust, anchors=()))
        assert judged(lab, seal, trust=replace(trust, anchors=(*trust.anchors, authority.certificate)))


def test_a_leaf_or_expired_authority_does_not_anchor(lab: SimpleNamespace) -> None:
    leaf = lab.xa.receipt
    under_leaf = lab.signing_key(
        replace(lab.xa.authority, key=leaf.private_key, certificate=leaf.certificate), lab.XA, Role.SIGN
    )
    seal, trust = with_certificate(lab, under_leaf.private_key, under_leaf.certificate)
    with pytest.raises(CertificateRefused, match="anchor"):
        judged(lab, seal, trust=replace(trust, anchors=(leaf.certificate,)))
    expired = lab.new_authority("Expired root", not_after=lab.NOW - timedelta(seconds=1))
    key = lab.signing_key(expired, lab.XA, Role.SIGN)
    seal, trust = with_certificate(lab, key.private_key, key.certificate)
    with pytest.raises(CertificateRefused, match="anchor"):
        judged(lab, seal, trust=replace(trust, anchors=(expired.certificate,)))


def test_validity_is_judged_now_and_includes_both_ends(lab: SimpleNamespace) -> None:
    begin, end = lab.NOW.replace(microsecond=0), lab.NOW.replace(microsecond=0) + timedelta(days=10)
    key = lab.signing_key(lab.xa.authority, lab.XA, Role.SIGN, not_before=begin, not_after=end)
    seal, trust = with_certificate(lab, key.private_key, key.certificate)
    second = timedelta(seconds=1)
    for now in (begin, end):
        assert judged(lab, seal, trust=trust, now=now)
    for now in (begin - second, end + second):
        with pytest.raises(CertificateOutsideValidity):
            judged(lab, seal, trust=trust, now=now)


def test_the_machines_own_clock_has_no_say(lab: SimpleNamespace) -> None:
    for years in (-30, 30):
        begin = lab.NOW + timedelta(days=365 * years)
        key = lab.signing_key(
            lab.xa.authority, lab.XA, Role.SIGN, not_before=begin, not_after=begin + timedelta(days=9)
        )
        trust = replace(lab.xa.trust, sign=(key.certificate,), anchors=())
        moment = begin + timedelta(days=1)
        seal, _ = make_seal(leaves_of(1), Purpose.PAPERS, lab.XA, lab.XB, key, moment, trust)
        assert judged(lab, seal, trust=trust, now=moment)


def test_a_seal_signed_long_ago_still_verifies(lab: SimpleNamespace) -> None:
    # What is owed after an outage is sent again as it was sealed, days later.
    assert judged(lab, seal_of(lab), now=lab.NOW + timedelta(days=300))


def test_a_signing_time_ahead_is_refused_beyond_five_minutes(lab: SimpleNamespace) -> None:
    seal = seal_of(lab)
    signed_at = lab.NOW.replace(microsecond=0)
    assert judged(lab, seal, now=signed_at - timedelta(minutes=5))
    with pytest.raises(SigningTimeAhead):
        judged(lab, seal, now=signed_at - timedelta(minutes=5, milliseconds=1))


@pytest.mark.parametrize(
    "make",
    [
        lambda lab: lab.rsa_key(2048),
        lambda lab: ec.generate_private_key(ec.SECP521R1()),
        lambda lab: ec.generate_private_key(ec.SECP256K1()),
        lambda lab: ec.generate_private_key(ec.BrainpoolP256R1()),
        lambda lab: lab.new_key(SignatureAlgorithm.ECDSA_P384_SHA384),
    ],
)
def test_an_enrolled_key_that_does_not_fit_the_algorithm_is_refused(lab: SimpleNamespace, make: object) -> None:
    # The algorithm it names is agreed; the key behind it is of another size or curve.
    private = make(lab)
    certificate = lab.xa.authority.issue(private.public_key(), [role_uri(lab.XA, Role.SIGN)])
    algorithm = (
        SignatureAlgorithm.ECDSA_P256_SHA256
        if isinstance(private, ec.EllipticCurvePrivateKey)
        else SignatureAlgorithm.RSA3072_PKCS1_SHA256
    )
    manifest = manifest_to_xml(Manifest(Purpose.PAPERS, lab.XA, lab.XB, lab.NOW, 1, Digest(bytes(32))))
    key = replace(lab.xa.sign, private_key=private, certificate=certificate, algorithm=algorithm)
    seal = Seal(manifest, sign_detached(manifest, "seal.xml", XML, key, lab.NOW))
    with pytest.raises(AlgorithmRefused):
        judged(lab, seal, trust=replace(lab.xa.trust, sign=(certificate,)))


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_an_algorithm_that_was_not_agreed_is_refused(lab: SimpleNamespace, algorithm: SignatureAlgorithm) -> None:
    country = lab.with_algorithm(algorithm)
    seal, _ = make_seal(leaves_of(1), Purpose.PAPERS, lab.XA, lab.XB, country.sign, lab.NOW, country.trust)
    agreed = country.trust.algorithms - {algorithm}
    with pytest.raises(AlgorithmRefused):
        judged(lab, seal, trust=replace(country.trust, algorithms=agreed))


# --- our own work ---------------------------------------------------------------------------------------------------


def test_a_seal_that_its_receiver_would_refuse_never_leaves(lab: SimpleNamespace) -> None:
    other = lab.new_key()
    broken = [
        (replace(lab.xa.sign, private_key=other), lab.xa.trust, lab.NOW),  # key and certificate do not belong together
        (lab.xb.sign, lab.xa.trust, lab.NOW),
        (lab.xa.sign, lab.xb.trust, lab.NOW),
        (lab.xa.sign, lab.xa.trust, lab.NOW + timedelta(days=4000)),
    ]
    for key, trust, moment in broken:
        with pytest.raises(OwnWorkFailed):
            make_seal(leaves_of(2), Purpose.PAPERS, lab.XA, lab.XB, key, moment, trust)


def test_only_the_verifier_makes_verified_values(lab: SimpleNamespace) -> None:
    verified = judged(lab, seal_of(lab))
    arguments = (verified.manifest, verified.seal, verified.partner, verified.role, "", verified.signed_at)
    with pytest.raises(Unexpected):
        VerifiedSeal(*arguments, made=object())
    with pytest.raises(Unexpected):
        verification.VerifiedLeaf(Leaf(bytes(32)), verified, Place(0, ()), made=None)
    with pytest.raises((TypeError, ValueError)):
        VerifiedSeal(*arguments)
    with pytest.raises((TypeError, ValueError)):
        replace(verified, partner=lab.XC)
    with pytest.raises(AttributeError):
        verified.partner = lab.XC


# --- bytes ----------------------------------------------------------------------------------------------------------


def test_a_changed_manifest_is_refused(lab: SimpleNamespace) -> None:
    seal = seal_of(lab)
    for at in range(0, len(seal.manifest), 5):
        changed = seal.manifest[:at] + bytes([seal.manifest[at] ^ 1]) + seal.manifest[at + 1 :]
        with pytest.raises(SignatureInvalid):
            judged(lab, replace(seal, manifest=changed))


def test_the_signature_of_another_seal_is_refused(lab: SimpleNamespace) -> None:
    first, second = seal_of(lab, count=1), seal_of(lab, count=2)
    with pytest.raises(SignatureInvalid):
        judged(lab, Seal(first.manifest, second.signature))


@pytest.mark.parametrize(
    "signature", [b"", b"<a/>", b"\x00" * 100, b"x" * 70000, b"<a>" * 50, b"\xff\xfe<\x00a\x00/\x00>\x00"]
)
def test_bytes_that_are_no_signature_are_refused(lab: SimpleNamespace, signature: bytes) -> None:
    with pytest.raises(NodeError):
        judged(lab, replace(seal_of(lab), signature=signature))


def test_many_threads_judge_at_once_without_mixing_partners(lab: SimpleNamespace) -> None:
    # A verifier shared between threads refuses good signatures, or takes another call's certificate (recipes 9).
    other = lab.new_country(lab.XC)
    good = {country.code: (country, make_papers(lab, country)) for country in (lab.xa, other)}

    def judge(number: int) -> bool:
        country, seal = good[(lab.XA, lab.XC)[number % 2]]
        stranger = good[(lab.XC, lab.XA)[number % 2]][0]
        with pytest.raises(SignerUnknown):
            judged(lab, seal, trust=stranger.trust)
        return judged(lab, seal, trust=country.trust).partner == country.code

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(judge, range(200)))


def make_papers(lab: SimpleNamespace, country: SimpleNamespace) -> Seal:
    arguments = (Purpose.PAPERS, country.code, lab.XB, country.sign, lab.NOW, country.trust)
    return make_seal(leaves_of(2), *arguments)[0]
