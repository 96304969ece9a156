"""Detached signatures whose owner departs from the agreed form: valid by their own keys, and still refused.

`lab.resign` makes every digest and the signature value right again after an edit, so only the form is at stake.
"""

import base64
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree

from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.signature_parts import MAX_CERTIFICATE_BYTES, MAX_CERTIFICATES
from node.crypto.verification import VerifiedSignature, verify_document_signature
from node.crypto.xades import sign_detached
from node.errors import (
    AlgorithmRefused,
    KeyInfoRefused,
    ReferenceRefused,
    SeveralSignatures,
    SignatureError,
    SignatureForm,
    SignatureInvalid,
    SignatureMisplaced,
    SignatureMissing,
    SignedPropertiesRefused,
    SignerUnknown,
    TransformRefused,
)
from node.model.document import MediaType

CONTENT = '<Paper xmlns="urn:example:paper">產地證明書 \U00020bb7</Paper>'.encode()
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
ASIC = "{http://uri.etsi.org/02918/v1.2.1#}"
MORE, MORE_2007, MORE_2021 = (f"http://www.w3.org/{when}/xmldsig-more#" for when in ("2001/04", "2007/05", "2021/04"))
DSIG, DSIG11, XENC, XENC11 = (
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2009/xmldsig11#",
    "http://www.w3.org/2001/04/xmlenc#",
    "http://www.w3.org/2009/xmlenc11#",
)

IDENTIFIERS = sorted(
    {
        *(DSIG + name for name in ("sha1", "dsa-sha1", "hmac-sha1", "rsa-sha1", "base64", "enveloped-signature")),
        *(DSIG11 + name for name in ("dsa-sha256",)),
        *(XENC + name for name in ("sha256", "sha512", "ripemd160", "aes256-cbc", "rsa-1_5")),
        *(XENC11 + name for name in ("aes256-gcm", "mgf1sha256", "pbkdf2")),
        *(MORE + name for name in ("md5", "sha224", "sha384", "hmac-md5", "hmac-sha224", "hmac-sha256", "hmac-sha384")),
        *(MORE + name for name in ("hmac-sha512", "hmac-ripemd160", "rsa-md5", "rsa-ripemd160", "rsa-sha224")),
        *(MORE + name for name in ("rsa-sha256", "rsa-sha384", "rsa-sha512", "esign-sha1", "esign-sha224")),
        *(MORE + name for name in ("esign-sha256", "esign-sha384", "esign-sha512", "camellia256-cbc")),
        *(MORE + f"ecdsa-{name}" for name in ("sha1", "sha224", "sha256", "sha384", "sha512")),
        *(MORE_2007 + name for name in ("sha3-224", "sha3-256", "sha3-384", "sha3-512", "whirlpool", "rsa-pss")),
        *(MORE_2007 + f"{name}-rsa-MGF1" for name in ("md2", "md5", "sha1", "sha224", "sha256", "sha384", "sha512")),
        *(MORE_2007 + f"{name}-rsa-MGF1" for name in ("sha3-224", "sha3-256", "sha3-384", "sha3-512")),
        *(MORE_2007 + f"{name}-rsa-MGF1" for name in ("ripemd128", "ripemd160", "whirlpool")),
        *(MORE_2007 + name for name in ("ecdsa-ripemd160", "ecdsa-whirlpool", "rsa-whirlpool", "hmac-whirlpool")),
        *(MORE_2021 + name for name in ("ecdsa-sha3-224", "ecdsa-sha3-256", "ecdsa-sha3-384", "ecdsa-sha3-512")),
        *(MORE_2021 + name for name in ("eddsa-ed25519", "eddsa-ed25519ph", "eddsa-ed448", "xmss-sha2-10-256")),
        *(MORE_2021 + name for name in ("hss-lms-sha256", "siphash-2-4", "sha3-384")),
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/2010/xml-c14n2",
        "http://www.w3.org/2000/09/xmldsig#minimal",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2002/07/decrypt#XML",
        "http://www.w3.org/2001/04/xmldsig-more/xptr",
        "",
        "urn:anything",
        XENC + "SHA256",
        " " + XENC + "sha256",
        XENC + "sha256 ",
    }
)

STAMPS = (
    f'<UnsignedProperties xmlns="{XADES[1:-1]}"><UnsignedSignatureProperties><SignatureTimeStamp>'
    "<EncapsulatedTimeStamp>AAAA</EncapsulatedTimeStamp></SignatureTimeStamp></UnsignedSignatureProperties>"
    "</UnsignedProperties>"
)

Edit = Callable[[etree._Element], object]


def judged(
    lab: SimpleNamespace, signature: bytes, content: bytes = CONTENT, country: SimpleNamespace | None = None
) -> VerifiedSignature:
    trust = (country or lab.xa).trust
    return verify_document_signature(content, MediaType.XML, signature, trust=trust, now=lab.NOW)


def signed(lab: SimpleNamespace, country: SimpleNamespace | None = None, moment: datetime | None = None) -> bytes:
    key = (country or lab.xa).sign
    return sign_detached(CONTENT, "document.xml", "application/xml", key, moment or lab.NOW)


def edited(lab: SimpleNamespace, edit: Edit, country: SimpleNamespace | None = None) -> bytes:
    country = country or lab.xa
    return lab.resign(signed(lab, country), CONTENT, country.sign.private_key, edit)


def one(root: etree._Element, name: str, position: int = 0) -> etree._Element:
    """The element of that local name."""
    return [element for element in root.iter() if etree.QName(element).localname == name][position]


# --- the harness itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_an_honest_signature_verifies_and_so_does_the_same_made_again(
    lab: SimpleNamespace, algorithm: SignatureAlgorithm
) -> None:
    country = lab.with_algorithm(algorithm)
    for signature in (signed(lab, country), edited(lab, lambda root: None, country)):
        verified = judged(lab, signature, country=country)
        assert verified.partner == "XA"
        assert verified.signed_at == lab.NOW.replace(microsecond=0)


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b'{"a": 1}', "\ufeff中文".encode("utf-16"), b"x" * 1_000_000])
def test_any_bytes_can_be_signed_and_are_covered_exactly(lab: SimpleNamespace, content: bytes) -> None:
    signature = sign_detached(content, "document.xml", "application/xml", lab.xa.sign, lab.NOW)
    assert judged(lab, signature, content)
    for other in (content + b" ", content[:-1] if content else b"x"):
        with pytest.raises(SignatureInvalid):
            judged(lab, signature, other)


def test_json_and_xml_documents_have_names_of_their_own(lab: SimpleNamespace) -> None:
    signature = sign_detached(b"{}", "document.json", "application/json", lab.xa.sign, lab.NOW)
    arguments = {"trust": lab.xa.trust, "now": lab.NOW}
    assert verify_document_signature(b"{}", MediaType.JSON, signature, **arguments)
    wrong_type = sign_detached(b"{}", "document.json", "application/xml", lab.xa.sign, lab.NOW)
    with pytest.raises(SignedPropertiesRefused):
        verify_document_signature(b"{}", MediaType.JSON, wrong_type, **arguments)


# --- algorithms: the exact set --------------------------------------------------------------------------------------

DIGESTS = {XENC + "sha256"}
SLOTS: dict[str, tuple[Edit, set[str]]] = {
    "c14n": (lambda root: one(root, "CanonicalizationMethod"), {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}),
    "signature": (lambda root: one(root, "SignatureMethod"), {MORE + "ecdsa-sha256"}),
    "file digest": (lambda root: one(root, "DigestMethod", 0), DIGESTS),
    "properties digest": (lambda root: one(root, "DigestMethod", 1), DIGESTS),
    "key digest": (lambda root: one(root, "DigestMethod", 2), DIGESTS),
    "certificate digest": (lambda root: one(root, "DigestMethod", 3), DIGESTS),
}


@pytest.mark.parametrize("slot", SLOTS)
def test_of_all_published_identifiers_exactly_the_agreed_ones_pass(lab: SimpleNamespace, slot: str) -> None:
    where, expected = SLOTS[slot]

    def passes(uri: str) -> bool:
        def edit(root: etree._Element) -> None:
            where(root).set("Algorithm", uri)

        try:
            return bool(judged(lab, edited(lab, edit)))
        except AlgorithmRefused:
            return False

    assert len(IDENTIFIERS) >= 90
    assert {uri for uri in IDENTIFIERS if passes(uri)} == expected


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_each_key_passes_with_its_own_algorithms_only(lab: SimpleNamespace, algorithm: SignatureAlgorithm) -> None:
    country = lab.with_algorithm(algorithm)

    def passes(uri: str) -> bool:
        signature = edited(lab, lambda root: one(root, "SignatureMethod").set("Algorithm", uri), country)
        try:
            return bool(judged(lab, signature, country=country))
        except AlgorithmRefused:
            return False

    rsa = {SignatureAlgorithm.RSA3072_PKCS1_SHA256, SignatureAlgorithm.RSA3072_PSS_SHA256}
    expected = rsa if algorithm in rsa else {algorithm}
    # SHA-384 digests go with P-384 only, so the honest P-384 signature is the one with its own method.
    assert {uri for uri in IDENTIFIERS if passes(uri)} == {one.uri for one in expected}


@pytest.mark.parametrize("uri", [XENC + "sha256", MORE + "sha384"])
def test_p384_signs_over_either_digest(lab: SimpleNamespace, uri: str) -> None:
    country = lab.with_algorithm(SignatureAlgorithm.ECDSA_P384_SHA384)

    def edit(root: etree._Element) -> None:
        for position in range(3):
            one(root, "DigestMethod", position).set("Algorithm", uri)

    assert judged(lab, edited(lab, edit, country), country=country)


# --- transforms -----------------------------------------------------------------------------------------------------

TRANSFORMS = [
    [],
    [DSIG + "enveloped-signature"],
    [DSIG + "base64"],
    ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315"],
    ["http://www.w3.org/2006/12/xml-c14n11"],
    ["http://www.w3.org/2001/10/xml-exc-c14n#"],
    ["http://www.w3.org/TR/1999/REC-xpath-19991116"],
    ["http://www.w3.org/TR/1999/REC-xslt-19991116"],
    ["http://www.w3.org/2002/06/xmldsig-filter2"],
    ["http://www.w3.org/2002/07/decrypt#XML"],
    ["urn:anything"],
    ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315"] * 2,
    [DSIG + "enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"],
    ["http://www.w3.org/2001/10/xml-exc-c14n#"] * 200,
]


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("transforms", TRANSFORMS)
def test_no_reference_may_carry_transforms(lab: SimpleNamespace, position: int, transforms: list[str]) -> None:
    def edit(root: etree._Element) -> None:
        holder = etree.Element(DS + "Transforms")
        one(root, "Reference", position).insert(0, holder)
        for uri in transforms:
            etree.SubElement(holder, DS + "Transform", Algorithm=uri)

    with pytest.raises(TransformRefused):
        judged(lab, edited(lab, edit))


# --- references -----------------------------------------------------------------------------------------------------


def set_attribute(name: str, attribute: str, value: str | None, position: int = 0) -> Edit:
    def edit(root: etree._Element) -> None:
        element = one(root, name, position)
        if value is None:
            del element.attrib[attribute]
        else:
            element.set(attribute, value)

    return edit


def duplicate(name: str, position: int = 0) -> Edit:
    def edit(root: etree._Element) -> None:
        element = one(root, name, position)
        copy = deepcopy(element)
        for inner in copy.iter():
            inner.attrib.pop("Id", None)
        element.addnext(copy)

    return edit


def remove(name: str, position: int = 0) -> Edit:
    def edit(root: etree._Element) -> None:
        element = one(root, name, position)
        element.getparent().remove(element)

    return edit


def add(parent: str, child: str, position: int = 0, at: int | None = None) -> Edit:
    def edit(root: etree._Element) -> None:
        holder = one(root, parent, position)
        holder.insert(len(holder) if at is None else at, etree.fromstring(child))

    return edit


def move_first(name: str, position: int) -> Edit:
    def edit(root: etree._Element) -> None:
        element = one(root, name, position)
        element.getparent().insert(2, element)

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        set_attribute("Reference", "URI", ""),
        set_attribute("Reference", "URI", None),
        set_attribute("Reference", "URI", "document.json"),
        set_attribute("Reference", "URI", "./document.xml"),
        set_attribute("Reference", "URI", "DOCUMENT.XML"),
        set_attribute("Reference", "URI", "file:///etc/passwd"),
        set_attribute("Reference", "URI", "http://127.0.0.1/document.xml"),
        set_attribute("Reference", "URI", "#signature"),
        set_attribute("Reference", "URI", "#xpointer(/)"),
        set_attribute("Reference", "URI", "#key-info"),
        set_attribute("Reference", "URI", "#signature", 1),
        set_attribute("Reference", "URI", "document.xml", 2),
        set_attribute("Reference", "Type", "http://www.w3.org/2000/09/xmldsig#Manifest"),
        set_attribute("Reference", "Type", "http://uri.etsi.org/01903#CountersignedSignature", 1),
        set_attribute("Reference", "Type", None, 1),
        set_attribute("Reference", "Id", None),
        set_attribute("Reference", "note", "x"),
        duplicate("Reference", 0),
        duplicate("Reference", 1),
        duplicate("Reference", 2),
        remove("Reference", 0),
        remove("Reference", 1),
        remove("Reference", 2),
        add("Reference", f'<x xmlns="{DSIG}"/>'),
        add("DigestValue", "<x/>"),
    ],
)
def test_references_to_anything_but_the_three_parts_are_refused(lab: SimpleNamespace, edit: Edit) -> None:
    with pytest.raises(ReferenceRefused):
        judged(lab, edited(lab, edit))


@pytest.mark.parametrize("position", [1, 2])
def test_the_order_of_the_references_means_nothing(lab: SimpleNamespace, position: int) -> None:
    assert judged(lab, edited(lab, move_first("Reference", position)))


# --- the frame ------------------------------------------------------------------------------------------------------


def wrap_in(name: str) -> Edit:
    def edit(root: etree._Element) -> None:
        signature = one(root, "Signature")
        holder = etree.Element(name)
        root.append(holder)
        holder.append(signature)

    return edit


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (remove("Signature"), SignatureMissing),
        (duplicate("Signature"), SeveralSignatures),
        (wrap_in("wrapper"), SignatureMisplaced),
        (wrap_in(ASIC + "XAdESSignatures"), SignatureMisplaced),
        (lambda root: setattr(root, "tag", "{urn:other}XAdESSignatures"), SignatureMisplaced),
        (lambda root: setattr(root, "tag", ASIC + "ASiCManifest"), SignatureMisplaced),
        (lambda root: root.append(etree.Element("x")), SignatureForm),
        (lambda root: root.set("Id", "x"), SignatureForm),
        (lambda root: root.set("{http://www.w3.org/XML/1998/namespace}base", "http://127.0.0.1/"), SignatureForm),
        (lambda root: root.set("{http://www.w3.org/XML/1998/namespace}lang", "en"), SignatureForm),
        (lambda root: setattr(root, "text", "text"), SignatureForm),
        (lambda root: setattr(one(root, "Signature"), "tail", "text"), SignatureForm),
        (set_attribute("Signature", "Id", None), SignatureForm),
        (set_attribute("Signature", "note", "x"), SignatureForm),
        (set_attribute("SignedInfo", "Id", "x"), SignatureForm),
        (set_attribute("SignatureValue", "Id", "x"), SignatureForm),
        (remove("SignedInfo"), SignatureForm),
        (duplicate("SignedInfo"), SignatureForm),
        (remove("SignatureValue"), SignatureForm),
        (duplicate("SignatureValue"), SignatureForm),
        (remove("KeyInfo"), SignatureForm),
        (duplicate("KeyInfo"), SignatureForm),
        (remove("Object"), SignatureForm),
        (duplicate("Object"), SignatureForm),
        (add("Signature", f'<Object xmlns="{DSIG}"/>'), SignatureForm),
        (add("Signature", f'<Object xmlns="{DSIG}"><Manifest/></Object>'), SignatureForm),
        (add("Signature", '<Paper xmlns="urn:example:paper"/>'), SignatureForm),
        (remove("CanonicalizationMethod"), SignatureForm),
        (remove("SignatureMethod"), SignatureForm),
        (duplicate("SignatureMethod"), SignatureForm),
        (add("SignedInfo", f'<Manifest xmlns="{DSIG}"/>'), SignatureForm),
        (add("SignatureMethod", f'<HMACOutputLength xmlns="{DSIG}">8</HMACOutputLength>'), SignatureForm),
        (add("CanonicalizationMethod", '<InclusiveNamespaces PrefixList="ds"/>'), SignatureForm),
        (set_attribute("CanonicalizationMethod", "Algorithm", None), SignatureForm),
        (add("Object", f'<Manifest xmlns="{DSIG}"/>'), SignedPropertiesRefused),
        (set_attribute("Object", "MimeType", "text/xml"), SignedPropertiesRefused),
    ],
)
def test_a_frame_other_than_the_agreed_one_is_refused(
    lab: SimpleNamespace, edit: Edit, error: type[SignatureError]
) -> None:
    with pytest.raises(error):
        judged(lab, edited(lab, edit))


def test_a_signature_without_its_wrapper_is_refused(lab: SimpleNamespace) -> None:
    bare = etree.tostring(etree.fromstring(signed(lab))[0])
    with pytest.raises(SignatureMisplaced):
        judged(lab, bare)


def test_a_signature_in_nested_objects_is_refused(lab: SimpleNamespace) -> None:
    def edit(root: etree._Element) -> None:
        holder = one(root, "QualifyingProperties")
        unsigned = etree.SubElement(
            etree.SubElement(holder, XADES + "UnsignedProperties"), XADES + "UnsignedSignatureProperties"
        )
        stamp = etree.SubElement(unsigned, XADES + "SignatureTimeStamp")
        copy = deepcopy(one(root, "Signature"))
        for inner in copy.iter():
            inner.attrib.pop("Id", None)
        stamp.append(copy)

    with pytest.raises(SeveralSignatures):
        judged(lab, edited(lab, edit))


@pytest.mark.parametrize("name", ["SignatureValue", "DigestValue", "X509Certificate"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text + "!",
        lambda text: text[:8] + "*" + text[8:],
        lambda text: text.rstrip("\n=") + "====",
        lambda text: text[:8] + "\u00a0" + text[8:],
        lambda text: text.replace("A", "-", 1),
        lambda text: text + "AAAA=",
    ],
)
def test_base64_that_decoders_read_differently_is_refused(
    lab: SimpleNamespace, name: str, spoil: Callable[[str], str]
) -> None:
    root = etree.fromstring(signed(lab))
    element = one(root, name)
    text = spoil(element.text)
    if text == element.text:
        return
    element.text = text
    with pytest.raises(SignatureError) as refusal:
        judged(lab, etree.tostring(root))
    assert not isinstance(refusal.value, SignatureInvalid), "refused before the engine sees it"


def test_white_space_in_base64_means_nothing(lab: SimpleNamespace) -> None:
    root = etree.fromstring(signed(lab))
    value = one(root, "SignatureValue")
    value.text = "\n" + value.text[:10] + " \t\r\n" + value.text[10:] + "\n"
    assert judged(lab, etree.tostring(root))


# --- KeyInfo: twelve forms, with the right and with an attacker's key -----------------------------------------------


def b64(certificate: object) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def key_infos(lab: SimpleNamespace, key: SimpleNamespace) -> dict[str, tuple[str, bool]]:
    """KeyInfo content by name, and whether it is the agreed form."""
    good, root = b64(key.certificate), b64(lab.xa.authority.certificate)
    numbers = key.certificate.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    point = base64.b64encode(numbers).decode()
    value = (
        f'<KeyValue><ECKeyValue xmlns="{DSIG11}"><NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<PublicKey>{point}</PublicKey></ECKeyValue></KeyValue>"
    )
    der = base64.b64encode(
        key.certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).decode()
    certificate = f"<X509Certificate>{good}</X509Certificate>"
    data = f"<X509Data>{certificate}</X509Data>"
    return {
        "certificate": (data, True),
        "certificate and chain": (
            f"<X509Data>{certificate}<X509Certificate>{root}</X509Certificate></X509Data>",
            True,
        ),
        "chain first": (f"<X509Data><X509Certificate>{root}</X509Certificate>{certificate}</X509Data>", False),
        "two X509Data": (data + data, False),
        "key value": (value, False),
        "key value beside certificate": (value + data, False),
        "DER key value": (f'<DEREncodedKeyValue xmlns="{DSIG11}">{der}</DEREncodedKeyValue>', False),
        "key name": (f"<KeyName>XA</KeyName>{data}", False),
        "retrieval method": ('<RetrievalMethod URI="http://127.0.0.1/key"/>', False),
        "key info reference": (f'<KeyInfoReference xmlns="{DSIG11}" URI="#key-info"/>', False),
        "issuer and serial": (
            "<X509Data><X509IssuerSerial><X509IssuerName>CN=x</X509IssuerName>"
            f"<X509SerialNumber>1</X509SerialNumber></X509IssuerSerial>{certificate}</X509Data>",
            False,
        ),
        "subject key id": ("<X509Data><X509SKI>AAAA</X509SKI></X509Data>", False),
        "subject key id after": (f"<X509Data>{certificate}<X509SKI>AAAA</X509SKI></X509Data>", False),
        "subject name": (f"<X509Data>{certificate}<X509SubjectName>CN=XA</X509SubjectName></X509Data>", False),
        "empty": ("", False),
        "empty X509Data": ("<X509Data/>", False),
        "empty certificate": ("<X509Data><X509Certificate/></X509Data>", False),
    }


KEY_INFO_NAMES = (
    "certificate", "certificate and chain", "chain first", "two X509Data", "key value", "key value beside certificate",
    "DER key value", "key name", "retrieval method", "key info reference", "issuer and serial", "subject key id",
    "subject key id after", "subject name", "empty", "empty X509Data", "empty certificate",
)  # fmt: skip


@pytest.mark.parametrize("name", KEY_INFO_NAMES)
@pytest.mark.parametrize("owner", ["partner", "attacker"])
def test_only_certificates_of_the_enrolled_signer_name_a_key(lab: SimpleNamespace, name: str, owner: str) -> None:
    key = (
        lab.xa.sign
        if owner == "partner"
        else lab.signing_key(lab.new_authority("Root of XA"), lab.XA, lab.xa.sign.role)
    )
    content, agreed = key_infos(lab, key)[name]

    def edit(root: etree._Element) -> None:
        key_info = one(root, "KeyInfo")
        del key_info[:]
        for child in etree.fromstring(f'<KeyInfo xmlns="{DSIG}">{content}</KeyInfo>'):
            key_info.append(child)

    signature = lab.resign(signed(lab), CONTENT, key.private_key, edit)
    if agreed and owner == "partner":
        assert judged(lab, signature)
    else:
        with pytest.raises((KeyInfoRefused, SignerUnknown)):
            judged(lab, signature)
    assert set(KEY_INFO_NAMES) == set(key_infos(lab, key))


def test_the_certificates_have_a_number_and_a_size(lab: SimpleNamespace) -> None:
    def with_certificates(*texts: str) -> bytes:
        def edit(root: etree._Element) -> None:
            data = one(root, "X509Data")
            for text in texts:
                etree.SubElement(data, DS + "X509Certificate").text = text

        return edited(lab, edit)

    good = b64(lab.xa.authority.certificate)
    assert judged(lab, with_certificates(*[good] * (MAX_CERTIFICATES - 1)))
    with pytest.raises(KeyInfoRefused):
        judged(lab, with_certificates(*[good] * MAX_CERTIFICATES))
    with pytest.raises(SignatureError) as refusal:
        judged(lab, with_certificates(base64.b64encode(bytes(MAX_CERTIFICATE_BYTES)).decode()))
    assert isinstance(refusal.value, SignatureInvalid), "small enough to reach the engine, which finds no certificate"
    with pytest.raises(KeyInfoRefused):
        judged(lab, with_certificates(base64.b64encode(bytes(MAX_CERTIFICATE_BYTES + 1)).decode()))


def test_the_key_in_the_signature_is_never_the_key_that_is_trusted(lab: SimpleNamespace) -> None:
    # The attacker names the partner's certificate and signs with a key of his own.
    with pytest.raises(SignatureInvalid):
        judged(lab, lab.resign(signed(lab), CONTENT, lab.new_key(), lambda root: None))


# --- signed and unsigned properties ---------------------------------------------------------------------------------


def set_text(name: str, text: str, position: int = 0) -> Edit:
    return lambda root: setattr(one(root, name, position), "text", text)


@pytest.mark.parametrize(
    "edit",
    [
        set_attribute("QualifyingProperties", "Target", "#other"),
        set_attribute("QualifyingProperties", "Target", None),
        set_attribute("QualifyingProperties", "Id", "x"),
        set_attribute("SignedProperties", "Id", None),
        duplicate("SignedProperties"),
        remove("SignedSignatureProperties"),
        duplicate("SignedSignatureProperties"),
        remove("SignedDataObjectProperties"),
        remove("SigningTime"),
        duplicate("SigningTime"),
        set_text("SigningTime", ""),
        set_text("SigningTime", "yesterday"),
        set_text("SigningTime", "2026-11-22T14:35:06"),
        set_text("SigningTime", "2026-11-22"),
        set_text("SigningTime", "2026-02-30T00:00:00Z"),
        set_text("SigningTime", "0000-01-01T00:00:00Z"),
        set_text("SigningTime", "0001-01-01T00:00:00+14:00"),
        set_text("SigningTime", "\uff12\uff10\uff12\uff16-11-22T14:35:06Z"),
        set_attribute("SigningTime", "note", "x"),
        remove("SigningCertificateV2"),
        duplicate("SigningCertificateV2"),
        duplicate("Cert"),
        remove("Cert"),
        remove("CertDigest"),
        remove("DataObjectFormat"),
        duplicate("DataObjectFormat"),
        set_attribute("DataObjectFormat", "ObjectReference", "#key-info"),
        set_attribute("DataObjectFormat", "ObjectReference", None),
        set_text("MimeType", "text/html"),
        set_text("MimeType", " application/xml"),
        remove("MimeType"),
        add("DataObjectFormat", f'<Encoding xmlns="{XADES[1:-1]}">base64</Encoding>'),
        add("SignedSignatureProperties", f'<SignaturePolicyIdentifier xmlns="{XADES[1:-1]}"/>'),
        add("SignedProperties", f'<Extra xmlns="{XADES[1:-1]}"/>'),
        add("QualifyingProperties", f'<Extra xmlns="{XADES[1:-1]}"/>'),
        add("QualifyingProperties", f'<UnsignedProperties xmlns="{XADES[1:-1]}"/>'),
        add(
            "QualifyingProperties",
            f'<UnsignedProperties xmlns="{XADES[1:-1]}"><UnsignedSignatureProperties><CounterSignature/>'
            "</UnsignedSignatureProperties></UnsignedProperties>",
        ),
        add(
            "QualifyingProperties",
            f'<UnsignedProperties xmlns="{XADES[1:-1]}"><UnsignedDataObjectProperties/></UnsignedProperties>',
        ),
        lambda root: [add("QualifyingProperties", STAMPS)(root) for _ in range(2)],
    ],
)
def test_signed_properties_of_another_form_are_refused(lab: SimpleNamespace, edit: Edit) -> None:
    with pytest.raises((SignedPropertiesRefused, ReferenceRefused)):
        judged(lab, edited(lab, edit))


def test_properties_that_name_another_certificate_are_refused(lab: SimpleNamespace) -> None:
    for certificate in (lab.xa.receipt.certificate, lab.xb.sign.certificate):
        der = certificate.public_bytes(serialization.Encoding.DER)
        with pytest.raises((SignedPropertiesRefused, SignatureInvalid)):
            judged(lab, edited(lab, set_text("DigestValue", lab.digest(lab.SHA256, der), 3)))


def test_issuer_and_serial_in_the_properties_are_allowed(lab: SimpleNamespace) -> None:
    assert judged(lab, edited(lab, add("Cert", f'<IssuerSerialV2 xmlns="{XADES[1:-1]}">AAAA</IssuerSerialV2>')))


def test_a_signing_time_of_another_zone_is_read_as_the_moment_it_is(lab: SimpleNamespace) -> None:
    verified = judged(lab, edited(lab, set_text("SigningTime", "2026-11-22T22:35:06.5+08:00")))
    assert verified.signed_at == datetime(2026, 11, 22, 14, 35, 6, 500000, tzinfo=UTC)


def test_time_stamps_may_be_added_later_and_change_nothing(lab: SimpleNamespace) -> None:
    root = etree.fromstring(signed(lab))
    before = judged(lab, etree.tostring(root))
    one(root, "QualifyingProperties").append(etree.fromstring(STAMPS))
    assert judged(lab, etree.tostring(root)) == before


def test_changing_a_signed_property_without_signing_again_is_refused(lab: SimpleNamespace) -> None:
    root = etree.fromstring(signed(lab))
    one(root, "SigningTime").text = "2026-11-22T14:35:05Z"
    with pytest.raises(SignatureInvalid):
        judged(lab, etree.tostring(root))


# --- size -----------------------------------------------------------------------------------------------------------


def padded(lab: SimpleNamespace, size: int) -> bytes:
    """The honest signature with white space after its root."""
    signature = signed(lab)
    return signature + b"\n" * (size - len(signature))


def test_a_signature_has_a_largest_size(lab: SimpleNamespace) -> None:
    assert judged(lab, padded(lab, 65535))
    assert judged(lab, padded(lab, 65536))
    with pytest.raises(SignatureForm):
        judged(lab, padded(lab, 65537))


def test_ids_in_two_spellings_are_refused(lab: SimpleNamespace) -> None:
    for name in ("ID", "id", "{http://www.w3.org/XML/1998/namespace}id", "{urn:x}Id"):
        root = etree.fromstring(signed(lab))
        one(root, "X509Data").set(name, "key-info")
        with pytest.raises(SignatureForm):
            judged(lab, etree.tostring(root))


def test_signatures_from_the_future_and_distant_past(lab: SimpleNamespace) -> None:
    assert judged(lab, signed(lab, moment=lab.NOW - timedelta(days=300)))
    with pytest.raises(SignatureError):
        judged(lab, signed(lab, moment=lab.NOW + timedelta(minutes=6)))


def test_one_country_may_hold_several_sign_certificates(lab: SimpleNamespace) -> None:
    new = lab.signing_key(lab.xa.authority, lab.XA, lab.xa.sign.role)
    trust = replace(lab.xa.trust, sign=(lab.xa.sign.certificate, new.certificate))
    for key in (lab.xa.sign, new):
        signature = sign_detached(CONTENT, "document.xml", "application/xml", key, lab.NOW)
        assert verify_document_signature(CONTENT, MediaType.XML, signature, trust=trust, now=lab.NOW)
