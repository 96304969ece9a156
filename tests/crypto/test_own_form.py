"""Our own form is written and read without an XML engine: the bytes that signxml makes, and nothing else is ours."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Never

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import SignatureReference
from signxml.util import SigningSettings
from signxml.xades.xades import XAdESSigner

from node.crypto import verification
from node.crypto.algorithms import SignatureAlgorithm, Suite
from node.crypto.key_statement import make_key_statement
from node.crypto.keys import SigningKey, generate_decryption_key
from node.crypto.own_form import read_own_form
from node.crypto.seal import make_seal, receipt_leaf
from node.crypto.verification import verify_document_signature, verify_key_statement, verify_seal
from node.crypto.xades import sign_detached
from node.errors import NodeError, SignatureInvalid, Unexpected
from node.model.document import MediaType
from node.model.envelope import Purpose

PAPER = '<?xml version="1.0" encoding="UTF-8"?>\n<Paper xmlns="urn:example:paper"><Name>產地</Name></Paper>'.encode()
ASIC = "{http://uri.etsi.org/02918/v1.2.1#}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
MOMENTS = [
    datetime(2026, 11, 22, 14, 35, 6, 999999, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, tzinfo=timezone(timedelta(hours=8))),
    datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
]


# --- the writer -------------------------------------------------------------------------------------------------------


class SignxmlSigner(XAdESSigner):
    """The same form made by signxml, whose XML is built, canonicalised and serialised by lxml."""

    def __init__(self, content: bytes, media_type: str, key: SigningKey, moment: datetime) -> None:
        super().__init__(
            method=SignatureConstructionMethod.detached,
            signature_algorithm=key.algorithm.method,
            digest_algorithm=key.algorithm.digest,
            c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
        )
        self.content, self.media_type, self.moment = content, media_type, moment
        self.signature_annotators.insert(-1, self.name_parts)

    def _unpack(self, data: object, references: list) -> tuple:
        wrapper = etree.Element(ASIC + "XAdESSignatures", nsmap={"asic": ASIC[1:-1]})
        signature = etree.SubElement(wrapper, DS + "Signature", nsmap=self.namespaces)
        return signature, signature, [self.content], references

    def _c14n(self, nodes: object, algorithm: object, inclusive_ns_prefixes: object = None) -> bytes:
        return nodes if isinstance(nodes, bytes) else super()._c14n(nodes, algorithm, inclusive_ns_prefixes)

    def _build_transforms_for_reference(self, *, transforms_node: etree._Element, **_: object) -> None:
        reference = transforms_node.getparent()
        reference.set("Id", "file")
        reference.remove(transforms_node)

    def _get_token(self, length: int = 4) -> str:
        return ""

    def name_parts(self, sig_root: etree._Element, signing_settings: SigningSettings) -> None:
        sig_root.set("Id", "signature")
        sig_root.find(DS + "KeyInfo").set("Id", "key-info")

    def add_signing_time(self, properties: etree._Element, sig_root: object, signing_settings: object) -> None:
        text = f"{self.moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        etree.SubElement(properties, XADES + "SigningTime").text = text

    def add_data_object_format(self, properties: etree._Element, sig_root: object, signing_settings: object) -> None:
        form = etree.SubElement(properties, XADES + "DataObjectFormat", ObjectReference="#file")
        etree.SubElement(form, XADES + "MimeType").text = self.media_type


def by_signxml(content: bytes, name: str, media_type: str, key: SigningKey, moment: datetime) -> bytes:
    signer = SignxmlSigner(content, media_type, key, moment)
    references = [SignatureReference(URI=name)]
    signature = signer.sign(
        b"", key=key.private_key, cert=[key.certificate], reference_uri=references, always_add_key_value=False
    )
    return etree.tostring(signature.getroottree())


class Repeatable(ec.EllipticCurvePrivateKey):
    """Signs the same bytes the same way every time (RFC 6979); a key in a security module looks like this, too."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self.key = key

    def sign(self, data: bytes, signature_algorithm: ec.ECDSA) -> bytes:
        return self.key.sign(data, ec.ECDSA(signature_algorithm.algorithm, deterministic_signing=True))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self.key.public_key()

    curve = property(lambda self: self.key.curve)
    key_size = property(lambda self: self.key.key_size)

    def _stays(self, *_: object) -> Never:
        raise TypeError

    exchange = private_bytes = private_numbers = __copy__ = __deepcopy__ = _stays


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    ("name", "media_type"),
    [("document.xml", MediaType.XML), ("document.json", MediaType.JSON), ("seal.xml", MediaType.XML)],
)
@pytest.mark.parametrize(
    "algorithm",
    [
        SignatureAlgorithm.ECDSA_P256_SHA256,
        SignatureAlgorithm.ECDSA_P384_SHA384,
        SignatureAlgorithm.RSA3072_PKCS1_SHA256,
    ],
)
def test_our_writer_writes_what_signxml_writes(
    lab: SimpleNamespace, algorithm: SignatureAlgorithm, name: str, media_type: MediaType, moment: datetime
) -> None:
    key = lab.with_algorithm(algorithm).sign
    if isinstance(key.private_key, ec.EllipticCurvePrivateKey):
        key = replace(key, private_key=Repeatable(key.private_key))
    for content in (PAPER, b"", b"\x00\xff", b"{}"):
        ours = sign_detached(content, name, media_type, key, moment)
        assert ours == by_signxml(content, name, media_type, key, moment)


def test_apart_from_its_random_value_a_pss_signature_is_what_signxml_writes(lab: SimpleNamespace) -> None:
    key = lab.with_algorithm(SignatureAlgorithm.RSA3072_PSS_SHA256).sign
    ours, theirs = (
        make(PAPER, "document.xml", MediaType.XML, key, lab.NOW).split(b"SignatureValue>")
        for make in (sign_detached, by_signxml)
    )
    assert (ours[0], ours[2]) == (theirs[0], theirs[2])
    assert len(ours[1]) == len(theirs[1])


@pytest.mark.parametrize("name", ["a&b.xml", "a<b", 'a"b', "a b", "%s", "{digest}", "文.xml", "", "a\n", "x" * 129])
def test_a_name_or_type_that_would_have_to_be_escaped_is_not_signed(lab: SimpleNamespace, name: str) -> None:
    for names in ((name, "application/xml"), ("document.xml", name)):
        with pytest.raises(Unexpected):
            sign_detached(PAPER, *names, lab.xa.sign, lab.NOW)


def test_a_key_of_another_type_than_its_algorithm_signs_nothing(lab: SimpleNamespace) -> None:
    for algorithm, other in (
        (SignatureAlgorithm.ECDSA_P256_SHA256, SignatureAlgorithm.RSA3072_PKCS1_SHA256),
        (SignatureAlgorithm.RSA3072_PKCS1_SHA256, SignatureAlgorithm.ECDSA_P256_SHA256),
    ):
        key = replace(lab.with_algorithm(algorithm).sign, algorithm=other)
        with pytest.raises(Unexpected):
            sign_detached(PAPER, "document.xml", "application/xml", key, lab.NOW)


# --- the reader -------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, whoever asks the XML engine fails the test."""

    def asked(*_: object) -> Never:
        pytest.fail("the engine was asked")

    monkeypatch.setattr(verification, "verify_detached", asked)
    monkeypatch.setattr(verification, "_parse_signature", asked)


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_what_nodes_sign_is_verified_without_the_engine(
    lab: SimpleNamespace, no_engine: None, algorithm: SignatureAlgorithm
) -> None:
    country = lab.with_algorithm(algorithm)
    signature = sign_detached(PAPER, "document.xml", MediaType.XML, country.sign, lab.NOW)
    verified = verify_document_signature(PAPER, MediaType.XML, signature, trust=country.trust, now=lab.NOW)
    assert (verified.partner, verified.signed_at) == (lab.XA, lab.NOW.replace(microsecond=0))
    seal, _ = make_seal([receipt_leaf(b"1")], Purpose.PAPERS, lab.XA, lab.XB, country.sign, lab.NOW, country.trust)
    assert verify_seal(seal, purpose=Purpose.PAPERS, recipient=lab.XB, trust=country.trust, now=lab.NOW)


def test_key_statements_are_verified_without_the_engine(lab: SimpleNamespace, no_engine: None) -> None:
    key = generate_decryption_key(Suite.HYBRID, lab.NOW, 30)
    statement = make_key_statement(lab.XA, [key.announce()], lab.NOW, lab.xa.sign)
    assert verify_key_statement(statement, trust=lab.xa.trust, now=lab.NOW).keys == (key.announce(),)


Spell = Callable[[bytes], bytes]
SPELLINGS: dict[str, Spell] = {
    "white space in a tag": lambda text: text.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo >"),
    "another quote": lambda text: text.replace(b'Id="signature"', b"Id='signature'"),
    "a declaration": lambda text: b'<?xml version="1.0"?>' + text,
    "a line end behind it": lambda text: text + b"\n",
    "an end tag": lambda text: text.replace(b"/>", b"></ds:CanonicalizationMethod>", 1),
    "attributes in another order": lambda text: text.replace(b'URI="seal.xml" Id="file"', b'Id="file" URI="seal.xml"'),
    "a character reference": lambda text: text.replace(b'URI="#key', b'URI="&#35;key'),
    "a carriage return reference": lambda text: text.replace(b"SignatureValue>", b"SignatureValue>&#13;", 1),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_is_not_ours_and_the_engine_judges_it_as_before(lab: SimpleNamespace, spelling: str) -> None:
    own = sign_detached(PAPER, "seal.xml", MediaType.XML, lab.xa.sign, lab.NOW)
    other = SPELLINGS[spelling](own)
    assert other != own
    assert read_own_form(PAPER, "seal.xml", MediaType.XML, own) is not None
    assert read_own_form(PAPER, "seal.xml", MediaType.XML, other) is None
    given = ("seal.xml", MediaType.XML)
    arguments = (lab.xa.sign.role, lab.xa.trust, lab.NOW)
    assert verification._verify_detached(PAPER, *given, other, *arguments) == verification._verify_detached(
        PAPER, *given, own, *arguments
    )


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE a><a/>",
        b'<?xml version="1.0"?><!DOCTYPE a><a/>',
        b"\xef\xbb\xbf<!DOCTYPE a><a/>",
        b"<!--x--><!DOCTYPE a><a/>",
        "<!DOCTYPE a><a/>".encode("utf-16"),
        "<!DOCTYPE a><a/>".encode("utf-16-le"),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4APA-a/+AD4-',
        b'<x:SignedProperties xmlns:x="http://uri.etsi.org/01903/v1.3.2#"/>',
    ],
)
def test_a_file_that_the_engine_refuses_is_left_to_it(lab: SimpleNamespace, content: bytes) -> None:
    signature = sign_detached(content, "document.xml", MediaType.XML, lab.xa.sign, lab.NOW)
    assert read_own_form(content, "document.xml", MediaType.XML, signature) is None


def test_a_wrong_value_in_our_form_is_refused_by_the_engine(lab: SimpleNamespace) -> None:
    good = sign_detached(PAPER, "document.xml", MediaType.XML, lab.xa.sign, lab.NOW)
    value = sign_detached(PAPER + b" ", "document.xml", MediaType.XML, lab.xa.sign, lab.NOW).split(b"SignatureValue>")[
        1
    ]
    forged = b"SignatureValue>".join((good.split(b"SignatureValue>")[0], value, good.split(b"SignatureValue>")[2]))
    assert read_own_form(PAPER, "document.xml", MediaType.XML, forged) is not None
    with pytest.raises(SignatureInvalid):
        verify_document_signature(PAPER, MediaType.XML, forged, trust=lab.xa.trust, now=lab.NOW)


def test_validity_is_judged_each_time_although_certificates_are_looked_at_once(lab: SimpleNamespace) -> None:
    signature = sign_detached(PAPER, "document.xml", MediaType.XML, lab.xa.sign, lab.NOW)
    certificate = lab.xa.sign.certificate
    for moment, holds in (
        (lab.NOW, True),
        (certificate.not_valid_after_utc, True),
        (certificate.not_valid_after_utc + timedelta(seconds=1), False),
        (lab.NOW, True),
        (lab.xa.authority.certificate.not_valid_after_utc + timedelta(seconds=1), False),
    ):
        try:
            verify_document_signature(PAPER, MediaType.XML, signature, trust=lab.xa.trust, now=moment)
        except NodeError:
            assert not holds
        else:
            assert holds


def test_hostile_text_costs_no_more_than_its_length(lab: SimpleNamespace) -> None:
    own = sign_detached(PAPER, "document.xml", MediaType.XML, lab.xa.sign, lab.NOW)
    head, tail = own.split(b"<ds:X509Certificate>")
    pieces = [b"A" * 64 + b"\n", b"A\n", b"=\n", b"A=\n", b"AAAA" * 16 + b"=\n"]
    hostile = [head + b"<ds:X509Certificate>" + piece * ((60 << 10) // len(piece)) + tail for piece in pieces]
    hostile += [own[:300] * 200, own.replace(b"URI=", b"URI=" + b'"' * 60_000, 1)]
    began = time.process_time()
    for text in hostile:
        assert read_own_form(PAPER, "document.xml", MediaType.XML, text) is None
    assert time.process_time() - began < 1


def test_our_own_form_costs_a_fraction_of_the_general_one(lab: SimpleNamespace) -> None:
    own = sign_detached(PAPER, "document.xml", MediaType.XML, lab.xa.sign, lab.NOW)
    other = own.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo >")

    def cost(signature: bytes) -> float:
        began = time.process_time()
        for _ in range(20):
            verify_document_signature(PAPER, MediaType.XML, signature, trust=lab.xa.trust, now=lab.NOW)
        return time.process_time() - began

    cost(own), cost(other)
    assert min(cost(own) for _ in range(3)) * 4 < min(cost(other) for _ in range(3))
