"""A small certificate authority per country and role certificates of nodes XA, XB and XC, fresh for every run."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from lxml import etree

from node.crypto.algorithms import ALL_SIGNATURE_ALGORITHMS, PrivateKey, SignatureAlgorithm, Suite, default_algorithm
from node.crypto.keys import Role, SigningKey, role_uri
from node.crypto.trust import PartnerTrust
from node.model.ids import NodeCode

NOW = datetime(2026, 11, 22, 14, 35, 6, 123000, tzinfo=UTC)
XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")


@cache
def rsa_key(bits: int = 3072, which: int = 0) -> rsa.RSAPrivateKey:
    """RSA keys are slow to make; each size is made once per run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def new_key(algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_P256_SHA256) -> PrivateKey:
    match algorithm:
        case SignatureAlgorithm.ECDSA_P256_SHA256:
            return ec.generate_private_key(ec.SECP256R1())
        case SignatureAlgorithm.ECDSA_P384_SHA384:
            return ec.generate_private_key(ec.SECP384R1())
        case _:
            return rsa_key()


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the tests."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(
        self,
        public_key: object,
        uris: Sequence[str],
        *,
        name: str = "node",
        not_before: datetime = NOW - timedelta(days=1),
        not_after: datetime = NOW + timedelta(days=365),
        digital_signature: bool | None = True,
        extra_names: Sequence[x509.GeneralName] = (),
    ) -> x509.Certificate:
        """A certificate with these SAN URIs; `digital_signature=None` leaves key usage out."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        )
        names = [*(x509.UniformResourceIdentifier(uri) for uri in uris), *extra_names]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if digital_signature is not None:
            builder = builder.add_extension(key_usage(digital_signature, authority=False), critical=True)
        return builder.sign(self.key, hashes.SHA256())


def key_usage(digital_signature: bool, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not digital_signature and not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def new_authority(name: str, *, not_after: datetime = NOW + timedelta(days=3650)) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(False, authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


@dataclass(frozen=True)
class Country:
    """A node with its authority, its two signing keys and what a partner would hold true about it."""

    code: NodeCode
    authority: Authority
    sign: SigningKey
    receipt: SigningKey
    tls: SigningKey
    trust: PartnerTrust

    def key(self, role: Role) -> SigningKey:
        return {Role.SIGN: self.sign, Role.RECEIPT: self.receipt, Role.TLS: self.tls}[role]


def signing_key(
    authority: Authority, code: NodeCode, role: Role, private_key: PrivateKey | None = None, **certificate: object
) -> SigningKey:
    private_key = private_key or new_key()
    issued = authority.issue(private_key.public_key(), [role_uri(code, role)], name=code, **certificate)
    algorithm = default_algorithm(private_key.public_key()) or SignatureAlgorithm.RSA3072_PKCS1_SHA256
    return SigningKey(code, role, private_key, issued, algorithm)


def trust_in(
    code: NodeCode, sign: SigningKey, receipt: SigningKey, anchors: Sequence[x509.Certificate]
) -> PartnerTrust:
    return PartnerTrust(
        partner=code,
        sign=(sign.certificate,),
        receipt=(receipt.certificate,),
        anchors=tuple(anchors),
        algorithms=ALL_SIGNATURE_ALGORITHMS,
        suites=(Suite.HYBRID, Suite.X25519),
    )


def new_country(code: NodeCode, authority: Authority | None = None) -> Country:
    authority = authority or new_authority(f"Root of {code}")
    sign, receipt, tls = (signing_key(authority, code, role) for role in (Role.SIGN, Role.RECEIPT, Role.TLS))
    return Country(code, authority, sign, receipt, tls, trust_in(code, sign, receipt, [authority.certificate]))


def with_sign_key(country: Country, key: SigningKey, **changes: object) -> Country:
    """The same country signing with another key that its partners have enrolled."""
    return replace(country, sign=key, trust=replace(country.trust, sign=(key.certificate,), **changes))


# --- signatures that an honest signer never makes -------------------------------------------------------------------

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

HASHES: dict[str, hashes.HashAlgorithm] = {
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1(),
    MORE + "sha224": hashes.SHA224(),
    SHA256: hashes.SHA256(),
    MORE + "sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmlenc#sha512": hashes.SHA512(),
    "http://www.w3.org/2007/05/xmldsig-more#sha3-256": hashes.SHA3_256(),
}


def octets_of(element: etree._Element, c14n: str = C14N) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=c14n.startswith(EXC_C14N), with_comments=False)


def digest(uri: str, octets: bytes) -> str:
    """The DigestValue under any digest we can compute; SHA-256 under the others."""
    hasher = hashes.Hash(HASHES.get(uri, hashes.SHA256()))
    hasher.update(octets)
    return base64.b64encode(hasher.finalize()).decode()


def signature_value(key: PrivateKey, method: str, octets: bytes) -> str:
    """A SignatureValue that is right by the method's name for the key at hand."""
    name = next((name for name in ("sha1", "sha224", "sha384", "sha512") if name in method.lower()), "sha256")
    hasher = {"sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha384": hashes.SHA384, "sha512": hashes.SHA512}.get(
        name, hashes.SHA256
    )()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(hasher)))
        size = (key.key_size + 7) // 8
        return base64.b64encode(r.to_bytes(size, "big") + s.to_bytes(size, "big")).decode()
    pss = padding.PSS(padding.MGF1(hasher), hasher.digest_size)
    return base64.b64encode(key.sign(octets, pss if "MGF1" in method else padding.PKCS1v15(), hasher)).decode()


def resign(signature: bytes, content: bytes, key: PrivateKey, edit: Callable[[etree._Element], object]) -> bytes:
    """The signature after `edit`, with every digest and the value made right again by its own owner."""
    root = etree.fromstring(signature)
    edit(root)
    by_id = {value: element for element in root.iter() for name, value in element.attrib.items() if name == "Id"}
    for reference in root.iter(DS + "Reference"):
        uri = reference.get("URI", "")
        method, value = reference.find(DS + "DigestMethod"), reference.find(DS + "DigestValue")
        target = by_id.get(uri[1:]) if uri.startswith("#") else None
        if method is not None and value is not None:
            octets = octets_of(target) if target is not None else content
            value.text = digest(method.get("Algorithm", ""), octets)
    for signed_info in root.iter(DS + "SignedInfo"):
        c14n = signed_info.find(DS + "CanonicalizationMethod")
        method = signed_info.find(DS + "SignatureMethod")
        octets = octets_of(signed_info, C14N if c14n is None else c14n.get("Algorithm", C14N))
        for value in signed_info.getparent().iter(DS + "SignatureValue"):
            value.text = signature_value(key, "" if method is None else method.get("Algorithm", ""), octets)
    return etree.tostring(root)


def enveloped(
    document: bytes,
    key: SigningKey,
    *,
    uri: str | None = "",
    transforms: Sequence[str] = (ENVELOPED, C14N),
    c14n: str = C14N,
    xades: bool = False,
    moment: datetime = NOW,
    certificates: Sequence[x509.Certificate] | None = None,
    at: int | None = None,
) -> bytes:
    """`document` with its issuer's signature, made here without the library that verifies it."""
    root = etree.fromstring(document)
    data_c14n = next((one for one in transforms if one != ENVELOPED), C14N)
    data_octets = octets_of(root, data_c14n)
    signature = etree.Element(DS + "Signature", nsmap={"ds": DS[1:-1]}, Id="issuer-signature")
    root.insert(len(root) if at is None else at, signature)
    signed_info = etree.SubElement(signature, DS + "SignedInfo")
    etree.SubElement(signed_info, DS + "CanonicalizationMethod", Algorithm=c14n)
    etree.SubElement(signed_info, DS + "SignatureMethod", Algorithm=key.algorithm.uri)
    add_reference(signed_info, uri, transforms, data_octets, Id="issuer-data")
    value = etree.SubElement(signature, DS + "SignatureValue")
    key_info = etree.SubElement(signature, DS + "KeyInfo", Id="issuer-key")
    data = etree.SubElement(key_info, DS + "X509Data")
    for certificate in (key.certificate,) if certificates is None else certificates:
        der = certificate.public_bytes(serialization.Encoding.DER)
        etree.SubElement(data, DS + "X509Certificate").text = base64.b64encode(der).decode()
    if xades:
        properties = add_properties(signature, key.certificate, moment)
        add_reference(
            signed_info,
            "#issuer-properties",
            (),
            octets_of(properties),
            Type="http://uri.etsi.org/01903#SignedProperties",
        )
        add_reference(signed_info, "#issuer-key", (), octets_of(key_info))
    value.text = signature_value(key.private_key, key.algorithm.uri, octets_of(signed_info, c14n))
    return etree.tostring(root)


def add_reference(
    signed_info: etree._Element, uri: str | None, transforms: Sequence[str], octets: bytes, **attributes: str
) -> None:
    reference = etree.SubElement(signed_info, DS + "Reference", **attributes)
    if uri is not None:
        reference.set("URI", uri)
    if transforms:
        holder = etree.SubElement(reference, DS + "Transforms")
        for transform in transforms:
            etree.SubElement(holder, DS + "Transform", Algorithm=transform)
    etree.SubElement(reference, DS + "DigestMethod", Algorithm=SHA256)
    etree.SubElement(reference, DS + "DigestValue").text = digest(SHA256, octets)


def add_properties(signature: etree._Element, certificate: x509.Certificate, moment: datetime) -> etree._Element:
    holder = etree.SubElement(signature, DS + "Object")
    qualifying = etree.SubElement(
        holder, XADES + "QualifyingProperties", nsmap={"xades": XADES[1:-1]}, Target="#issuer-signature"
    )
    properties = etree.SubElement(qualifying, XADES + "SignedProperties", Id="issuer-properties")
    of_signature = etree.SubElement(properties, XADES + "SignedSignatureProperties")
    etree.SubElement(of_signature, XADES + "SigningTime").text = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    cert = etree.SubElement(etree.SubElement(of_signature, XADES + "SigningCertificateV2"), XADES + "Cert")
    cert_digest = etree.SubElement(cert, XADES + "CertDigest")
    etree.SubElement(cert_digest, DS + "DigestMethod", Algorithm=SHA256)
    etree.SubElement(cert_digest, DS + "DigestValue").text = base64.b64encode(
        certificate.fingerprint(hashes.SHA256())
    ).decode()
    of_data = etree.SubElement(properties, XADES + "SignedDataObjectProperties")
    form = etree.SubElement(of_data, XADES + "DataObjectFormat", ObjectReference="#issuer-data")
    etree.SubElement(form, XADES + "MimeType").text = "application/xml"
    return properties


@pytest.fixture(scope="session")
def lab() -> SimpleNamespace:
    """Everything above under one name, with two countries of different authorities."""
    tools = (
        new_key, rsa_key, new_authority, new_country, signing_key, trust_in, with_sign_key, resign, enveloped,
        octets_of, digest, signature_value, add_reference,
    )  # fmt: skip
    lab = SimpleNamespace(**{tool.__name__: tool for tool in tools})
    lab.NOW, lab.XA, lab.XB, lab.XC, lab.DS, lab.XADES = NOW, XA, XB, XC, DS, XADES
    lab.C14N, lab.EXC_C14N, lab.ENVELOPED, lab.MORE, lab.SHA256 = C14N, EXC_C14N, ENVELOPED, MORE, SHA256
    lab.xa, lab.xb = new_country(XA), new_country(XB)
    lab.with_algorithm = cache(partial(country_with, lab.xa))
    return lab


def country_with(xa: Country, algorithm: SignatureAlgorithm) -> Country:
    """XA signing with the algorithm asked for."""
    key = signing_key(xa.authority, XA, Role.SIGN, new_key(algorithm))
    return with_sign_key(xa, replace(key, algorithm=algorithm))
