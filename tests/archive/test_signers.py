"""Each check of a signer and its authority alone: what the engine would notice too is noticed twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from evidence_lab import NOW, XA, Lab

from node.crypto import claimed
from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.keys import Role, SigningKey, role_uri
from node.crypto.xades import sign_detached
from node.errors import CertificateRefused, PackageMalformed, ReferenceRefused, SignedPropertiesRefused
from node.model.document import MediaType

CONTENT, NAME, XML = b"<a/>", "seal.xml", MediaType.XML
Octets = Callable[..., list[bytes]]


def usage(**of: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: of.get(name, False) for name in names})


class Authority:
    """A key that issues certificates, and as many certificates of its own as one likes."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])

    def anchor(self, *, ca: bool = True, signs: bool | None = True, end: datetime = NOW + timedelta(days=9)) -> object:
        extensions: list[x509.ExtensionType] = [x509.BasicConstraints(ca=ca, path_length=None)]
        if signs is not None:
            extensions.append(usage(key_cert_sign=signs, digital_signature=True))
        return self.issue(self.name, self.key.public_key(), extensions, end=end)

    def issue(
        self,
        subject: x509.Name,
        public_key: ec.EllipticCurvePublicKey,
        extensions: list[x509.ExtensionType],
        end: datetime = NOW + timedelta(days=9),
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(self.name, subject, public_key, 7, NOW - timedelta(days=9), end)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def node_key(authority: Authority, *extensions: x509.ExtensionType) -> SigningKey:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    named = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(role_uri(XA, Role.SIGN))])
    certificate = authority.issue(subject, key.public_key(), [named, *extensions])
    return SigningKey(XA, Role.SIGN, key, certificate, SignatureAlgorithm.ECDSA_P256_SHA256)


def test_only_a_valid_authority_that_may_issue_vouches(authority: Authority) -> None:
    certificate = node_key(authority, usage(digital_signature=True)).certificate
    good = authority.anchor()
    assert claimed.issuer_among(certificate, [good], NOW) == good
    assert claimed.issuer_among(certificate, [Authority().anchor(), good], NOW) == good
    refused = {
        "expired": authority.anchor(end=NOW - timedelta(seconds=1)),
        "no authority": authority.anchor(ca=False),
        "may not sign certificates": authority.anchor(signs=False),
        "does not say what it may": authority.anchor(signs=None),
        "another one of that name": Authority().anchor(),
    }
    for why, anchor in refused.items():
        assert claimed.issuer_among(certificate, [anchor], NOW) is None, why
    assert claimed.issuer_among(certificate, [good], NOW + timedelta(days=10)) is None
    assert claimed.issuer_among(certificate, [], NOW) is None


@pytest.mark.parametrize("extensions", [[], [usage(key_agreement=True)]], ids=["no key usage", "another key usage"])
def test_a_certificate_that_may_not_sign_is_refused(authority: Authority, extensions: list[x509.KeyUsage]) -> None:
    signature = sign_detached(CONTENT, NAME, XML, node_key(authority, *extensions), NOW)
    with pytest.raises(CertificateRefused):
        claimed.verify_claimed(CONTENT, NAME, XML, signature)


def test_a_certificate_of_one_name_says_whose_it_is(authority: Authority, lab: Lab) -> None:
    for role in (Role.SIGN, Role.RECEIPT):
        assert claimed.party_of(lab.key(XA, role).certificate) == (XA, role)
    assert claimed.party_of(node_key(authority).certificate) == (XA, Role.SIGN)
    assert claimed.party_of(authority.anchor()) is None
    both = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(role_uri(XA, role)) for role in Role])
    assert claimed.party_of(authority.issue(authority.name, authority.key.public_key(), [both])) is None
    for uri in (
        "urn:n2n:v1:xa:sign",
        "urn:n2n:v1:XA:sign ",
        "urn:n2n:v2:XA:sign",
        "urn:n2n:v1:XA:root",
        "urn:n2n:v1::tls",
    ):
        assert claimed.party_of(lab.mint(XA, Role.SIGN, uri=uri).certificate) is None, uri


def test_what_the_engine_verified_must_be_what_was_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = sign_detached(CONTENT, NAME, XML, lab.key(XA, Role.SIGN), NOW)
    real: Octets = claimed.verify_detached
    assert claimed.verify_claimed(CONTENT, NAME, XML, signature).signed_at == NOW
    for position in range(3):

        def another(*given: object, position: int = position) -> list[bytes]:
            octets = real(*given)
            return [*octets[:position], b"other", *octets[position + 1 :]]

        monkeypatch.setattr(claimed, "verify_detached", another)
        with pytest.raises(ReferenceRefused):
            claimed.verify_claimed(CONTENT, NAME, XML, signature)


def test_the_signed_properties_must_name_the_signer(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine looks at this too; here it is one that looks away."""
    mine, other = (
        sign_detached(CONTENT, NAME, XML, lab.key(XA, role), NOW).split(b"<xades:CertDigest>")
        for role in (Role.SIGN, Role.RECEIPT)
    )
    mixed = b"<xades:CertDigest>".join([mine[0], other[1]])
    parts = claimed.canonical_parts(NAME, XML, mixed)
    octets = [CONTENT, parts.signed_properties, parts.key_info]
    monkeypatch.setattr(claimed, "verify_detached", lambda *given: octets)
    with pytest.raises(SignedPropertiesRefused):
        claimed.verify_claimed(CONTENT, NAME, XML, mixed)


def test_a_pem_file_has_one_spelling(lab: Lab) -> None:
    certificate = lab.key(XA, Role.SIGN).certificate
    pem = claimed.pem_of(certificate)
    assert claimed.certificate_from_pem(pem, "a") == certificate
    for other in (
        pem + b"\n",
        b"a\n" + pem,
        pem.replace(b"\n", b"\r\n"),
        pem * 2,
        b"",
        pem[:-30],
        b"\n" * 30_000 + pem,
    ):
        with pytest.raises(PackageMalformed):
            claimed.certificate_from_pem(other, "a")
