"""Signatures of issuing authorities inside their papers: the whole root or nothing, however it is wrapped."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.trust import fingerprint
from node.crypto.verification import VerifiedIssuer, verify_issuer_signature
from node.errors import (
    AlgorithmRefused,
    CertificateOutsideValidity,
    CertificateRefused,
    DoctypeRefused,
    KeyInfoRefused,
    NodeError,
    NotWholeRoot,
    ReferenceRefused,
    SeveralSignatures,
    SignatureError,
    SignatureForm,
    SignatureInvalid,
    SignatureMisplaced,
    SignatureMissing,
    SignedPropertiesRefused,
    SignerUnknown,
    SigningTimeAhead,
    TransformRefused,
)
from node.model.ids import sha256
from node.safe_xml import SIGNATURE_LIMITS

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

PLAIN = (
    '<Exchange xmlns="urn:example:x" xmlns:unused="urn:unused"><Header><To>XB</To></Header>\n'
    "<Payload>原產地 \U00020bb7</Payload></Exchange>"
).encode()
ID_SPELLINGS = ("Id", "ID", "id", XML_ID)


def with_id(spelling: str, value: str = "paper") -> bytes:
    root = etree.fromstring(PLAIN)
    root.set(spelling, value)
    return etree.tostring(root)


def judged(lab: SimpleNamespace, document: bytes, **changes: object) -> VerifiedIssuer:
    arguments = {"issuers": (lab.xa.sign.certificate,), "now": lab.NOW} | changes
    return verify_issuer_signature(document, **arguments)


def canonical(document: bytes, exclusive: bool = False) -> bytes:
    return etree.tostring(etree.fromstring(document), method="c14n", exclusive=exclusive)


# --- what holds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
@pytest.mark.parametrize("xades", [False, True])
@pytest.mark.parametrize("transforms", [(ENVELOPED,), (ENVELOPED, C14N), (ENVELOPED, EXC_C14N)])
@pytest.mark.parametrize("c14n", [C14N, EXC_C14N])
def test_a_whole_signed_paper_verifies(
    lab: SimpleNamespace, algorithm: SignatureAlgorithm, xades: bool, transforms: tuple[str, ...], c14n: str
) -> None:
    key = lab.with_algorithm(algorithm).sign
    document = lab.enveloped(PLAIN, key, transforms=transforms, c14n=c14n, xades=xades)
    verified = judged(lab, document, issuers=(lab.xb.sign.certificate, key.certificate))
    assert verified.signed_octets == canonical(PLAIN, exclusive=EXC_C14N in transforms)
    assert verified.signer_fingerprint == fingerprint(key.certificate)
    assert verified.document_sha256 == sha256(document)


@pytest.mark.parametrize("spelling", ID_SPELLINGS)
def test_the_root_may_be_meant_by_its_id_in_any_spelling(lab: SimpleNamespace, spelling: str) -> None:
    document = lab.enveloped(with_id(spelling), lab.xa.sign, uri="#paper", c14n=EXC_C14N)
    assert judged(lab, document).signed_octets == canonical(with_id(spelling))


def test_a_reference_without_uri_means_the_document(lab: SimpleNamespace) -> None:
    # Phytosanitary papers of the Andean countries are signed so: exclusive SignedInfo, no URI, no c14n transform.
    document = lab.enveloped(PLAIN, lab.xa.sign, uri=None, transforms=(ENVELOPED,), c14n=EXC_C14N)
    assert judged(lab, document).signed_octets == canonical(PLAIN)
    with pytest.raises(SignatureInvalid):
        judged(lab, document.replace(b"<To>XB", b"<To>XC"))


@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_signature_may_stand_anywhere_among_the_roots_children(lab: SimpleNamespace, at: int) -> None:
    assert judged(lab, lab.enveloped(PLAIN, lab.xa.sign, at=at)).signed_octets == canonical(PLAIN)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_text_after_the_signature_is_covered(lab: SimpleNamespace, at: int) -> None:
    document = lab.enveloped(PLAIN, lab.xa.sign, at=at)
    with pytest.raises(SignatureInvalid):
        judged(lab, document.replace(b"</ds:Signature>", b"</ds:Signature>forged"))


def test_a_declaration_and_a_byte_order_mark_mean_nothing(lab: SimpleNamespace) -> None:
    document = lab.enveloped(PLAIN, lab.xa.sign)
    for variant in (
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + document,
        b"\xef\xbb\xbf" + document,
        document + b"\n",
    ):
        assert judged(lab, variant).signed_octets == canonical(PLAIN)


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_signature_as_large_as_a_paper_is_refused_before_it_costs_anything(lab: SimpleNamespace, beyond: int) -> None:
    root = etree.fromstring(lab.enveloped(PLAIN, lab.xa.sign, xades=True))
    signature = root.find(DS + "Signature")
    assert signature is not None
    room = SIGNATURE_LIMITS.nodes - sum(1 for _ in signature.iter())
    properties = signature.find(f".//{XADES}SignedProperties")
    assert properties is not None
    for _ in range(room + beyond):
        etree.SubElement(properties, "filler")
    with pytest.raises(SignatureError) as refused:
        judged(lab, etree.tostring(root))
    assert ("more elements" in str(refused.value)) == bool(beyond)


# --- the signer -----------------------------------------------------------------------------------------------------


def test_an_issuer_that_is_not_enrolled_is_refused(lab: SimpleNamespace) -> None:
    document = lab.enveloped(PLAIN, lab.xa.sign)
    for issuers in ((), (lab.xa.receipt.certificate,), (lab.xa.authority.certificate,)):
        with pytest.raises(SignerUnknown):
            judged(lab, document, issuers=issuers)


def test_naming_an_enrolled_issuer_without_its_key_is_refused(lab: SimpleNamespace) -> None:
    forged = lab.enveloped(PLAIN, replace(lab.xa.sign, private_key=lab.new_key()))
    with pytest.raises(SignatureInvalid):
        judged(lab, forged)


def test_an_issuer_may_send_its_chain_in_any_order(lab: SimpleNamespace) -> None:
    chain = (lab.xa.authority.certificate, lab.xa.sign.certificate)
    for certificates in (chain, chain[::-1]):
        assert judged(lab, lab.enveloped(PLAIN, lab.xa.sign, certificates=certificates))


def test_two_enrolled_issuers_in_one_signature_are_refused(lab: SimpleNamespace) -> None:
    both = (lab.xa.sign.certificate, lab.xb.sign.certificate)
    with pytest.raises(KeyInfoRefused):
        judged(lab, lab.enveloped(PLAIN, lab.xa.sign, certificates=both), issuers=both)


def test_an_issuers_certificate_is_judged_now(lab: SimpleNamespace) -> None:
    document = lab.enveloped(PLAIN, lab.xa.sign)
    for days in (-2, 366):
        with pytest.raises(CertificateOutsideValidity):
            judged(lab, document, now=lab.NOW + timedelta(days=days))


@pytest.mark.parametrize("usage", [False, None])
def test_an_issuers_certificate_that_may_not_sign_is_refused(lab: SimpleNamespace, usage: bool | None) -> None:
    key = lab.signing_key(lab.xa.authority, lab.XA, lab.xa.sign.role, digital_signature=usage)
    with pytest.raises(CertificateRefused):
        judged(lab, lab.enveloped(PLAIN, key), issuers=(key.certificate,))


@pytest.mark.parametrize("make", [lambda lab: lab.rsa_key(2048), lambda lab: ec.generate_private_key(ec.SECP521R1())])
def test_an_issuers_weak_or_unknown_key_is_refused(
    lab: SimpleNamespace, make: Callable[[SimpleNamespace], object]
) -> None:
    private = make(lab)
    key = lab.signing_key(lab.xa.authority, lab.XA, lab.xa.sign.role, private)
    algorithm = (
        SignatureAlgorithm.ECDSA_P256_SHA256
        if isinstance(private, ec.EllipticCurvePrivateKey)
        else SignatureAlgorithm.RSA3072_PKCS1_SHA256
    )
    with pytest.raises(AlgorithmRefused):
        judged(lab, lab.enveloped(PLAIN, replace(key, algorithm=algorithm)), issuers=(key.certificate,))


# --- form -----------------------------------------------------------------------------------------------------------

BAD_TRANSFORMS = [
    (),
    (C14N,),
    (C14N, ENVELOPED),
    (ENVELOPED, ENVELOPED),
    (ENVELOPED, C14N, C14N),
    (ENVELOPED, "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
    (ENVELOPED, "http://www.w3.org/2006/12/xml-c14n11"),
    (ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
    (ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
    (ENVELOPED, "http://www.w3.org/2002/06/xmldsig-filter2"),
    (ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64"),
    (ENVELOPED, "http://www.w3.org/2002/07/decrypt#XML"),
    (ENVELOPED, "urn:anything"),
    ("urn:anything", ENVELOPED),
    (ENVELOPED, *["urn:anything"] * 1000),
]


@pytest.mark.parametrize("transforms", BAD_TRANSFORMS)
def test_only_the_enveloped_transform_and_a_canonicalisation_pass(
    lab: SimpleNamespace, transforms: tuple[str, ...]
) -> None:
    with pytest.raises(TransformRefused):
        judged(lab, lab.enveloped(PLAIN, lab.xa.sign, transforms=transforms))


def test_a_prefix_list_would_be_another_canonicalisation_and_is_refused(lab: SimpleNamespace) -> None:
    document = lab.enveloped(PLAIN, lab.xa.sign, transforms=(ENVELOPED, EXC_C14N))
    prefixes = f'<InclusiveNamespaces xmlns="{EXC_C14N}" PrefixList="unused"/>'.encode()
    for end in (f'Algorithm="{EXC_C14N}"/></ds:Transforms>'.encode(), f'Algorithm="{C14N}"/>'.encode()):
        assert end in document
        child = end.replace(b"/>", b">" + prefixes + b"</ds:X>", 1)
        name = b"ds:Transform" if b"Transforms" in end else b"ds:CanonicalizationMethod"
        with pytest.raises((TransformRefused, SignatureForm)):
            judged(lab, document.replace(end, child.replace(b"ds:X", name)))


def test_transforms_hold_nothing_but_transforms(lab: SimpleNamespace) -> None:
    document = lab.enveloped(PLAIN, lab.xa.sign)
    with pytest.raises(TransformRefused):
        judged(lab, spoilt(document, lambda root: etree.SubElement(part(root, "Transforms"), DS + "DigestMethod")))


@pytest.mark.parametrize(
    "uri", ["#other", "#issuer-signature", "paper.xml", "#xpointer(/)", "#", "file:///etc/passwd", "#issuer-key"]
)
def test_a_reference_to_anything_but_the_root_is_refused(lab: SimpleNamespace, uri: str) -> None:
    with pytest.raises((NotWholeRoot, ReferenceRefused)):
        judged(lab, lab.enveloped(with_id("Id"), lab.xa.sign, uri=uri))


@pytest.mark.parametrize("c14n", [C14N + "#WithComments", "http://www.w3.org/2006/12/xml-c14n11", "urn:anything", ""])
def test_signed_info_is_made_canonical_in_two_ways_only(lab: SimpleNamespace, c14n: str) -> None:
    with pytest.raises(AlgorithmRefused):
        judged(lab, lab.enveloped(PLAIN, lab.xa.sign, c14n=c14n))


def test_xml_attributes_above_an_inclusive_signed_info_are_refused(lab: SimpleNamespace) -> None:
    # Validators disagree about them, so such a paper would be valid here and invalid elsewhere.
    root = etree.fromstring(PLAIN)
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "es")
    document = etree.tostring(root)
    with pytest.raises(SignatureForm):
        judged(lab, lab.enveloped(document, lab.xa.sign))
    assert judged(lab, lab.enveloped(document, lab.xa.sign, c14n=EXC_C14N))
    with pytest.raises(SignatureForm):
        judged(lab, lab.enveloped(document, lab.xa.sign, c14n=EXC_C14N, xades=True))


def spoilt(document: bytes, edit: Callable[[etree._Element], object]) -> bytes:
    root = etree.fromstring(document)
    edit(root)
    return etree.tostring(root)


def part(root: etree._Element, name: str, position: int = 0) -> etree._Element:
    return [one for one in root.iter() if etree.QName(one).localname == name][position]


def drop(root: etree._Element, name: str, position: int = 0) -> None:
    element = part(root, name, position)
    element.getparent().remove(element)


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda root: drop(root, "Signature"), SignatureMissing),
        (lambda root: setattr(part(root, "Signature"), "tag", "{urn:other}Signature"), SignatureMissing),
        (lambda root: part(root, "Signature").clear(), SignatureForm),
        (lambda root: root.append(deepcopy_without_ids(part(root, "Signature"))), SeveralSignatures),
        (lambda root: part(root, "Header").append(part(root, "Signature")), SignatureMisplaced),
        (lambda root: part(root, "Signature").append(etree.Element(DS + "Object")), SignedPropertiesRefused),
        (lambda root: part(root, "Signature").append(etree.Element("Extra")), SignatureForm),
        (lambda root: part(root, "Signature").set("note", "x"), SignatureForm),
        (lambda root: setattr(part(root, "Signature"), "text", "x"), SignatureForm),
        (lambda root: drop(root, "SignedInfo"), SignatureForm),
        (lambda root: drop(root, "SignatureValue"), SignatureForm),
        (lambda root: drop(root, "KeyInfo"), SignatureForm),
        (lambda root: drop(root, "X509Data"), KeyInfoRefused),
        (lambda root: drop(root, "X509Certificate"), KeyInfoRefused),
        (lambda root: setattr(part(root, "X509Certificate"), "tag", DS + "X509SKI"), KeyInfoRefused),
        (lambda root: etree.SubElement(part(root, "KeyInfo"), DS + "KeyName"), KeyInfoRefused),
        (lambda root: etree.SubElement(part(root, "KeyInfo"), DS + "RetrievalMethod", URI="#x"), KeyInfoRefused),
        (lambda root: drop(root, "Reference"), SignatureForm),
        (lambda root: drop(root, "DigestValue"), ReferenceRefused),
        (lambda root: setattr(part(root, "DigestValue"), "text", "!"), ReferenceRefused),
        (lambda root: setattr(part(root, "SignatureValue"), "text", "AA=A"), SignatureForm),
        (
            lambda root: part(root, "DigestMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1"),
            AlgorithmRefused,
        ),
        (
            lambda root: part(root, "SignatureMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
            AlgorithmRefused,
        ),
        (lambda root: part(root, "Reference").set("note", "x"), ReferenceRefused),
        (lambda root: root.set("Id", "issuer-key"), NodeError),
    ],
)
def test_a_signature_of_another_form_is_refused(
    lab: SimpleNamespace, edit: Callable[[etree._Element], object], error: type[NodeError]
) -> None:
    with pytest.raises(error):
        judged(lab, spoilt(lab.enveloped(PLAIN, lab.xa.sign), edit))


def deepcopy_without_ids(element: etree._Element) -> etree._Element:
    copy = deepcopy(element)
    for inner in copy.iter():
        inner.attrib.pop("Id", None)
    return copy


@pytest.mark.parametrize("position", [0, 1])
def test_a_part_of_the_paper_signed_beside_the_whole_is_refused(lab: SimpleNamespace, position: int) -> None:
    # Up to the engine such a signature would hold; which octets then count would be anybody's guess.
    def edit(root: etree._Element) -> None:
        payload = root.find("{urn:example:x}Payload")
        payload.set("Id", "part")
        signed_info = part(root, "SignedInfo")
        lab.add_reference(signed_info, "#part", (C14N,), lab.octets_of(payload))
        if position == 0:
            signed_info.insert(2, signed_info[-1])

    root = etree.fromstring(PLAIN)
    root.find("{urn:example:x}Payload").set("Id", "part")
    document = lab.enveloped(etree.tostring(root), lab.xa.sign)
    resigned = etree.fromstring(document)
    edit(resigned)
    octets = lab.octets_of(part(resigned, "SignedInfo"))
    part(resigned, "SignatureValue").text = lab.signature_value(lab.xa.sign.private_key, "sha256", octets)
    with pytest.raises(ReferenceRefused):
        judged(lab, etree.tostring(resigned))


def test_the_same_reference_twice_is_refused(lab: SimpleNamespace) -> None:
    for position in range(3):
        root = etree.fromstring(lab.enveloped(PLAIN, lab.xa.sign, xades=True))
        signed_info = part(root, "SignedInfo")
        signed_info.append(deepcopy_without_ids(part(root, "Reference", position)))
        octets = lab.octets_of(signed_info)
        part(root, "SignatureValue").text = lab.signature_value(lab.xa.sign.private_key, "sha256", octets)
        with pytest.raises(ReferenceRefused, match="twice"):
            judged(lab, etree.tostring(root))


def test_more_references_than_four_are_refused(lab: SimpleNamespace) -> None:
    document = etree.fromstring(lab.enveloped(PLAIN, lab.xa.sign))
    for number in range(4):
        lab.add_reference(part(document, "SignedInfo"), f"#x{number}", (), b"")
    with pytest.raises(ReferenceRefused, match="more than 4"):
        judged(lab, etree.tostring(document))


# --- XAdES properties -----------------------------------------------------------------------------------------------


def test_signed_properties_that_no_reference_covers_are_refused(lab: SimpleNamespace) -> None:
    with_properties = etree.fromstring(lab.enveloped(PLAIN, lab.xa.sign, xades=True))
    document = etree.fromstring(lab.enveloped(PLAIN, lab.xa.sign))
    part(document, "Signature").append(part(with_properties, "Object"))
    with pytest.raises(SignedPropertiesRefused):
        judged(lab, etree.tostring(document))


def test_properties_of_another_certificate_are_refused(lab: SimpleNamespace) -> None:
    other = replace(lab.xa.sign, certificate=lab.xb.sign.certificate)
    document = lab.enveloped(PLAIN, other, xades=True, certificates=(lab.xa.sign.certificate,))
    with pytest.raises(SignatureInvalid):
        judged(lab, document)


def test_a_claimed_time_ahead_or_outside_the_certificate_is_refused(lab: SimpleNamespace) -> None:
    def at(moment: object) -> bytes:
        return lab.enveloped(PLAIN, lab.xa.sign, xades=True, moment=moment)

    assert judged(lab, at(lab.NOW + timedelta(minutes=4)))
    with pytest.raises(SigningTimeAhead):
        judged(lab, at(lab.NOW + timedelta(minutes=6)))
    with pytest.raises(SignedPropertiesRefused):
        judged(lab, at(lab.NOW - timedelta(days=2)))


def test_two_times_or_another_object_in_the_properties_are_refused(lab: SimpleNamespace) -> None:
    document = lab.enveloped(PLAIN, lab.xa.sign, xades=True)
    for old, new in (
        (b"<xades:SigningTime>", b"<xades:SigningTime/><xades:SigningTime>"),
        (b"Z</xades:SigningTime", b"</xades:SigningTime"),
        (b'ObjectReference="#issuer-data"', b'ObjectReference="#issuer-key"'),
        (b' Id="issuer-data"', b""),
    ):
        with pytest.raises(SignedPropertiesRefused):
            judged(lab, document.replace(old, new))


def test_an_object_with_anything_but_properties_is_refused(lab: SimpleNamespace) -> None:
    document = lab.enveloped(PLAIN, lab.xa.sign, xades=True)
    for spoil in (
        lambda root: part(root, "Object").append(etree.Element("{urn:example:x}Payload")),
        lambda root: part(root, "Object").insert(0, etree.Element(DS + "Manifest")),
        lambda root: part(root, "Object").addnext(deepcopy_without_ids(part(root, "Object"))),
        lambda root: part(root, "QualifyingProperties").append(etree.Element("{urn:example:x}Payload")),
    ):
        with pytest.raises((SignedPropertiesRefused, SignatureForm)):
            judged(lab, spoilt(document, spoil))


# --- wrapping: sixteen shapes, four Id spellings, own and foreign key -----------------------------------------------
#
# Root Exchange with Header, Payload and the signature. F is forged content, S the signed original (security 2.7).

X = "{urn:example:x}"


def forged_root() -> etree._Element:
    root = etree.fromstring(PLAIN)
    root.find(X + "Header")[0].text = "XC"
    root.find(X + "Payload").text = "forged"
    return root


def take_signature(signed: etree._Element) -> etree._Element:
    signature = signed.find(DS + "Signature")
    signed.remove(signature)
    return signature


def in_object(signature: etree._Element, content: etree._Element) -> None:
    etree.SubElement(signature, DS + "Object").append(content)


def shape_1(signed: etree._Element) -> etree._Element:
    root, signature = forged_root(), take_signature(signed)
    in_object(signature, signed)
    root.append(signature)
    return root


def shape_2(signed: etree._Element) -> etree._Element:
    root, signature = forged_root(), take_signature(signed)
    root.extend([signature, signed])
    return root


def shape_3(signed: etree._Element) -> etree._Element:
    root = etree.Element(X + "Batch")
    root.extend([forged_root(), signed])
    return root


def shape_4(signed: etree._Element) -> etree._Element:
    root = forged_root()
    root.append(signed)
    return root


def clean_copy(signed: etree._Element) -> etree._Element:
    copy = deepcopy(signed)
    take_signature(copy)
    return copy


def shape_5(signed: etree._Element) -> etree._Element:
    copy = clean_copy(signed)
    signed.find(X + "Payload").text = "forged"
    strip_ids(signed)
    signed.append(copy)
    return signed


def shape_6(signed: etree._Element) -> etree._Element:
    copy = clean_copy(signed)
    signed.find(X + "Payload").text = "forged"
    strip_ids(signed)
    in_object(signed.find(DS + "Signature"), copy)
    return signed


def shape_7(signed: etree._Element) -> etree._Element:
    extension = etree.Element(X + "Extension")
    extension.append(forged_root())
    signed.insert(0, extension)
    return signed


def shape_8(signed: etree._Element) -> etree._Element:
    root = etree.Element(X + "Exchange")
    extension = etree.SubElement(root, X + "Extension")
    extension.append(forged_root())
    signature = take_signature(signed)
    in_object(signature, signed)
    root.append(signature)
    return root


def shape_9(signed: etree._Element) -> etree._Element:
    signed.insert(0, forged_root().find(X + "Payload"))
    return signed


def shape_10(signed: etree._Element) -> etree._Element:
    signed.insert(0, forged_root().find(X + "Header"))
    return signed


def shape_11(signed: etree._Element) -> etree._Element:
    twin = etree.Element("{urn:example:twin}Exchange", dict(signed.attrib))
    strip_ids(signed)
    twin.extend(list(signed))
    return twin


def shape_12(signed: etree._Element) -> etree._Element:
    root = forged_root()
    root.find(X + "Payload").append(signed)
    return root


def shape_13(signed: etree._Element) -> etree._Element:
    attacker = deepcopy_without_ids(signed.find(DS + "Signature"))
    signed.insert(0, attacker)
    return signed


def shape_14(signed: etree._Element) -> etree._Element:
    include = etree.Element("{http://www.w3.org/2001/XInclude}include", href="file:///etc/passwd", parse="text")
    signed.find(X + "Payload").append(include)
    return signed


def shape_15(signed: etree._Element) -> etree._Element:
    signed.set("{http://www.w3.org/XML/1998/namespace}base", "http://127.0.0.1/")
    signed.find(X + "Payload").set(XML_ID, "paper")
    return signed


def shape_16(signed: etree._Element) -> etree._Element:
    shadow = etree.fromstring(b'<Payload xmlns="urn:example:shadow">forged</Payload>')
    signed.replace(signed.find(X + "Payload"), shadow)
    return signed


def strip_ids(element: etree._Element) -> None:
    for name in list(element.attrib):
        if etree.QName(name).localname.lower() == "id":
            del element.attrib[name]


SHAPES = [
    shape_1, shape_2, shape_3, shape_4, shape_5, shape_6, shape_7, shape_8,
    shape_9, shape_10, shape_11, shape_12, shape_13, shape_14, shape_15, shape_16,
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("spelling", ID_SPELLINGS)
@pytest.mark.parametrize("uri", ["", "#paper", None])
@pytest.mark.parametrize("owner", ["issuer", "attacker"])
def test_no_wrapping_is_accepted(
    lab: SimpleNamespace,
    shape: Callable[[etree._Element], etree._Element],
    spelling: str,
    uri: str | None,
    owner: str,
) -> None:
    key = lab.xa.sign if owner == "issuer" else lab.xb.sign
    signed = etree.fromstring(lab.enveloped(with_id(spelling), key, uri=uri, c14n=EXC_C14N))
    with pytest.raises(NodeError):
        judged(lab, etree.tostring(shape(signed)))


def test_the_wrappings_start_from_papers_that_verify(lab: SimpleNamespace) -> None:
    for spelling in ID_SPELLINGS:
        for uri in ("", "#paper", None):
            assert judged(lab, lab.enveloped(with_id(spelling), lab.xa.sign, uri=uri, c14n=EXC_C14N))


def test_a_doctype_is_refused_before_anything_else(lab: SimpleNamespace) -> None:
    with pytest.raises(DoctypeRefused):
        judged(lab, b'<!DOCTYPE x [<!ATTLIST Payload forged CDATA "1">]>' + lab.enveloped(PLAIN, lab.xa.sign))


@given(data=st.data())
def test_a_signed_paper_with_an_edited_tree_is_refused_or_means_the_same(
    lab: SimpleNamespace, data: st.DataObject
) -> None:
    root = etree.fromstring(lab.enveloped(with_id("Id"), lab.xa.sign, uri="#paper", xades=data.draw(st.booleans())))
    elements = list(root.iter())
    element = data.draw(st.sampled_from(elements))
    other = data.draw(st.sampled_from(elements))
    act = data.draw(st.sampled_from(["remove", "copy", "move", "text", "tail", "attribute", "rename", "swap"]))
    if act == "remove" and element is not root:
        element.getparent().remove(element)
    elif act == "copy":
        other.append(deepcopy(element))
    elif act == "move" and element is not root and other not in element.iter():
        other.insert(data.draw(st.integers(0, len(other))), element)
    elif act == "text":
        element.text = data.draw(st.sampled_from(["", "x", " ", (element.text or "") + "x", other.text or ""]))
    elif act == "tail" and element is not root:
        element.tail = data.draw(st.sampled_from(["x", " ", "\n"]))
    elif act == "attribute":
        element.set(
            data.draw(st.sampled_from(["Id", "URI", "Algorithm", "Target", "x"])),
            data.draw(st.sampled_from(["", "paper", "#paper", "x"])),
        )
    elif act == "rename":
        element.tag = other.tag
    elif (
        act == "swap"
        and element is not root
        and other is not root
        and element not in other.iter()
        and other not in element.iter()
    ):
        element.getparent().replace(element, deepcopy(other))
    try:
        verified = judged(lab, etree.tostring(root))
    except NodeError:
        return
    assert verified.signed_octets == canonical(with_id("Id"))
