"""Bad papers under good seals: refused for ever with findings, or deferred until signed anew – and only they.

Each stands between two good papers under one seal, so whatever it does to its neighbours would be seen.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hostile import (
    DS,
    ISSUER,
    NARROW,
    ORIGIN,
    PHYTO,
    XC,
    XE,
    Paper,
    Peer,
    Stage,
    detached,
    enveloped,
    message,
    numbered,
    with_signature,
)
from lxml import etree

Make = Callable[[Peer], Paper]


def suffers(stage: Stage, peer: Peer, bad: Paper, words: str, code: str | None, stored: str = "") -> None:
    call = peer.call([peer.paper(**good(peer)), bad, peer.paper(**good(peer))])
    stage.victim.suffers(peer, call, 1, words, code, stored)


def good(peer: Peer) -> dict[str, bytes]:
    return {"document": enveloped(numbered(), peer.issuer)} if peer.code == XE else {}


# --- documents that are not the XML we accept -----------------------------------------------------------------------

NS = b"urn:n2n:v1:certificate-of-origin"
DTD = b'<!DOCTYPE CertificateOfOrigin [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
EXTERNAL = b'<!DOCTYPE CertificateOfOrigin SYSTEM "http://127.0.0.1:1/x.dtd">'
FILE = b'<!DOCTYPE CertificateOfOrigin [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'


def before_root(document: bytes, what: bytes) -> bytes:
    return document.replace(b"<CertificateOfOrigin", what + b"<CertificateOfOrigin", 1)


def inside(document: bytes, what: bytes) -> bytes:
    return document.replace(b"<Status>", what + b"<Status>", 1)


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


XML = [
    pytest.param(lambda d: b"\x00\x01\xfe\xff" * 64, "N2N-XML-001", id="garbage"),
    pytest.param(lambda d: b" ", "N2N-XML-001", id="white-space"),
    pytest.param(lambda d: b'{"Number": "1"}', "N2N-XML-001", id="json"),
    pytest.param(lambda d: d.decode().encode("utf-16"), "N2N-XML-001", id="utf-16"),
    pytest.param(lambda d: d.replace(b"UTF-8", b"ISO-8859-1"), "N2N-XML-001", id="latin-1-declared"),
    pytest.param(lambda d: inside(d, b"\x00"), "N2N-XML-001", id="nul"),
    pytest.param(lambda d: d[:-30], "N2N-XML-001", id="cut-off"),
    pytest.param(lambda d: d + d, "N2N-XML-001", id="two-documents"),
    pytest.param(lambda d: inside(d, b"&nobody;"), "N2N-XML-001", id="entity-of-nobody"),
    pytest.param(lambda d: inside(d, b'<a b="1" b="2"/>'), "N2N-XML-001", id="attribute-twice"),
    pytest.param(lambda d: inside(d, b'<a xmlns="relative"/>'), "N2N-XML-001", id="relative-namespace"),
    pytest.param(lambda d: before_root(d, DTD), "N2N-XML-002", id="dtd-entities"),
    pytest.param(lambda d: before_root(d, EXTERNAL), "N2N-XML-002", id="dtd-external"),
    pytest.param(lambda d: inside(before_root(d, FILE), b"&secret;"), "N2N-XML-002", id="dtd-file"),
    pytest.param(lambda d: inside(d, b"<!-- -->"), "N2N-XML-003", id="comment"),
    pytest.param(lambda d: inside(d, b"<?php x?>"), "N2N-XML-003", id="instruction"),
    pytest.param(lambda d: before_root(d, b'<?xml-stylesheet href="x"?>'), "N2N-XML-003", id="stylesheet"),
    pytest.param(lambda d: inside(d, nested(100)), "N2N-XML-004", id="deep-101"),
    pytest.param(lambda d: inside(d, nested(5_000)), "N2N-XML-004", id="deep-5000"),
    pytest.param(lambda d: inside(d, b"<a/>" * 200_000), "N2N-XML-004", id="200000-elements"),
    pytest.param(
        lambda d: inside(d, b"<a " + b" ".join(b'a%d=""' % n for n in range(65)) + b"/>"),
        "N2N-XML-004",
        id="65-attributes",
    ),
    pytest.param(lambda d: inside(d, b'<a Id="x"/><a ID="x"/>'), "N2N-XML-005", id="id-twice"),
]


@pytest.mark.parametrize(("spoil", "code"), XML)
def test_a_document_that_is_no_xml_of_ours_is_refused(stage: Stage, spoil: Callable[[bytes], bytes], code: str) -> None:
    suffers(stage, stage.xa, stage.xa.paper(spoil(numbered())), "refused XML", code)


@pytest.mark.parametrize("dtd", [DTD, EXTERNAL], ids=["entities", "external"])
def test_a_signed_document_with_a_dtd_is_refused_too(stage: Stage, dtd: bytes) -> None:
    # Its signature covers exact bytes and holds; signing anew would cure nothing, so nobody is asked to.
    suffers(
        stage,
        stage.xa,
        stage.xa.paper(numbered(PHYTO).replace(b"<rsm:SPSCertificate", dtd + b"<rsm:SPSCertificate", 1), kind=PHYTO),
        "refused XML",
        "N2N-XML-002",
    )


# --- documents that break their kind's rules, and kinds that nobody agreed ------------------------------------------

SCHEMA_AND_RULES = [
    pytest.param(lambda d: inside(d, b"<Extra/>"), "refused SCHEMA", id="extra-element"),
    pytest.param(
        lambda d: inside(
            d, b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/hostname" parse="text"/>'
        ),
        "refused SCHEMA",
        id="xinclude",
    ),
    pytest.param(lambda d: d.replace(b"<Packages>16", b"<Packages>17"), "refused RULE", id="wrong-total"),
    pytest.param(
        lambda d: inside(d, b"<Extra/>").replace(b"<Packages>16", b"<Packages>17"), "refused RULE SCHEMA", id="both"
    ),
    pytest.param(lambda d: inside(d, b"<a/>" * 5_000), "refused SCHEMA", id="5000-findings"),
    pytest.param(lambda d: inside(d, b"<%s/>" % (b"a" * 4_000)), "refused SCHEMA", id="name-of-4000"),
    # Names of four-byte characters: fifty findings of them are larger than a receipt may be.
    pytest.param(
        lambda d: inside(d, ("<" + "\U00020bb7" * 250 + "/>").encode() * 50), "refused SCHEMA", id="findings-too-long"
    ),
    pytest.param(lambda d: b'<Nothing xmlns="urn:example:nothing"/>', "refused KIND_UNKNOWN", id="unknown-root"),
    pytest.param(
        lambda d: d.replace(NS, b"urn:n2n:v9:certificate-of-origin"), "refused KIND_UNKNOWN", id="other-namespace"
    ),
    pytest.param(lambda d: numbered(PHYTO), "refused KIND_UNKNOWN", id="another-kind"),
]


@pytest.mark.parametrize(("spoil", "words"), SCHEMA_AND_RULES)
def test_a_paper_that_breaks_a_rule_is_refused_with_findings(
    stage: Stage, spoil: Callable[[bytes], bytes], words: str
) -> None:
    code = "N2N-DOC-001" if "KIND" in words else "N2N-DOC-002"
    suffers(stage, stage.xa, stage.xa.paper(spoil(numbered())), words, code)


@pytest.mark.parametrize(
    ("code", "header", "words"),
    [
        pytest.param("XA", {"kind": "unheard_of"}, "refused KIND_UNKNOWN", id="unknown-kind"),
        pytest.param("XA", {"kind_version": 2}, "refused KIND_UNKNOWN", id="unknown-version"),
        pytest.param("XA", {"kind": "certificate_announcement"}, "refused KIND_UNKNOWN", id="control-kind"),
        pytest.param("XC", {"kind": PHYTO}, "refused NOT_AGREED", id="agreed-the-other-way-only"),
    ],
)
def test_a_kind_that_nobody_agreed_is_refused_before_it_is_opened(
    stage: Stage, code: str, header: dict[str, object], words: str
) -> None:
    peer = stage.peers[code]
    suffers(stage, peer, peer.paper(**header), words, "N2N-PROF-003", "unread")


@pytest.mark.parametrize(("size", "words"), [(NARROW, "accepted"), (NARROW + 1, "refused TOO_LARGE")])
def test_a_paper_larger_than_agreed_is_refused(stage: Stage, size: int, words: str) -> None:
    document = numbered()
    bad = stage.peers[XC].paper(document + b"\n" * (size - len(document)))
    suffers(stage, stage.peers[XC], bad, words, None if words == "accepted" else "N2N-WIRE-003")


# --- metadata -------------------------------------------------------------------------------------------------------

PLAIN = [(1, "application/xml"), (5, "xa-xb-trade-papers")]
ATTACHED = message([(1, "invoice.pdf"), (2, "application/pdf"), (3, 9), (4, bytes(32)), (5, bytes(32)), (6, bytes(32))])


def chain(*fields: tuple[int, bytes | str]) -> bytes:
    return message([PLAIN[0], (3, message(fields)), PLAIN[1]])


METADATA = [
    pytest.param(b"\xff\xff", "N2N-WIRE-001", id="garbage"),
    pytest.param(message([(1, "text/html"), PLAIN[1]]), "N2N-WIRE-001", id="media-type"),
    pytest.param(message([PLAIN[0]]), "N2N-WIRE-001", id="no-arrangement"),
    pytest.param(message([PLAIN[0], (5, "../../etc")]), "N2N-WIRE-001", id="arrangement-is-a-path"),
    pytest.param(message([PLAIN[0], *[(2, "U")] * 17, PLAIN[1]]), "N2N-WIRE-001", id="17-ucrs"),
    pytest.param(message([PLAIN[0], (2, "abc\u202ecba"), PLAIN[1]]), "N2N-WIRE-001", id="reading-direction"),
    pytest.param(message([PLAIN[0], (2, b"\xc3"), PLAIN[1]]), "N2N-WIRE-001", id="not-utf-8"),
    pytest.param(chain((2, "N")), "N2N-WIRE-001", id="chain-without-issuer"),
    pytest.param(chain((1, ISSUER), (2, "N"), (3, bytes(31))), "N2N-WIRE-001", id="predecessor-of-31-bytes"),
    pytest.param(
        message([PLAIN[0], (4, ATTACHED.replace(b"invoice.pdf", b"../invoices")), PLAIN[1]]),
        "N2N-WIRE-001",
        id="attachment-is-a-path",
    ),
    pytest.param(message([*PLAIN, (15, "x")]), "N2N-WIRE-002", id="unknown-field"),
    pytest.param(message([PLAIN[0], *PLAIN]), "N2N-WIRE-002", id="field-twice"),
    pytest.param(message(PLAIN[::-1]), "N2N-WIRE-002", id="disordered"),
    pytest.param(chain((1, ISSUER), (2, "N"), (3, b"")), "N2N-WIRE-002", id="explicit-default"),
]


@pytest.mark.parametrize(("metadata", "code"), METADATA)
def test_malformed_metadata_are_refused(stage: Stage, metadata: bytes, code: str) -> None:
    bad = replace(stage.xa.paper(), metadata=metadata)
    suffers(stage, stage.xa, bad, "refused METADATA", code, "unreadable")


def test_a_media_type_that_is_not_the_kinds_is_refused(stage: Stage) -> None:
    bad = replace(stage.xa.paper(), metadata=stage.xa.metadata(media_type="application/json"))
    suffers(stage, stage.xa, bad, "refused METADATA", "N2N-DOC-002")


def test_a_paper_whose_attachment_is_not_here_waits_for_it(stage: Stage) -> None:
    bad = replace(stage.xa.paper(), metadata=message([PLAIN[0], (4, ATTACHED), PLAIN[1]]))
    call = stage.xa.call([stage.xa.paper(), bad, stage.xa.paper()])
    assert [one.words for one in stage.victim.told(stage.xa.code, call.octets())] == [
        "accepted",
        "deferred UPLOAD",
        "accepted",
    ]


# --- signatures over documents --------------------------------------------------------------------------------------


def resigned(make: Callable[[Stage, bytes], bytes]) -> Callable[[Stage], Paper]:
    """A phytosanitary certificate whose one signature is made by `make`."""

    def build(stage: Stage) -> Paper:
        paper = stage.xa.paper(kind=PHYTO)
        return with_signature(paper, make(stage, paper.document))

    return build


def by(name: str) -> Callable[[Stage], Paper]:
    """The signature made with another key: one of XA's other roles, XC's, or a certificate on the stage."""

    def make(stage: Stage, document: bytes) -> bytes:
        signers = {
            "receipt": stage.xa.receipt,
            "tls": stage.xa.tls,
            "issuer": stage.xa.issuer,
            "XC": stage.peers[XC].sign,
        }
        return stage.xa.document_signature(document, (signers | dict(stage.signers))[name])

    return resigned(make)


def edited(edit: Callable[[etree._Element], object]) -> Callable[[Stage], Paper]:
    return resigned(lambda stage, d: detached(d, "document.xml", "application/xml", stage.xa.sign, stage.xa.now, edit))


def twice(root: etree._Element) -> None:
    copy = etree.fromstring(etree.tostring(root[0]))
    for element in copy.iter():
        if "Id" in element.attrib:
            element.set("Id", element.get("Id") + "2")
    root.append(copy)


def hidden(root: etree._Element) -> None:
    etree.SubElement(etree.SubElement(root[0], DS + "Object"), "{urn:example:x}Paper").text = "forged"


SIGNATURES = [
    pytest.param(lambda s: with_signature(s.xa.paper(kind=PHYTO)), "N2N-SIG-001", id="missing"),
    pytest.param(resigned(lambda s, d: b"<a/>"), "N2N-SIG-001", id="no-signature-inside"),
    pytest.param(edited(twice), "N2N-SIG-002", id="doubly-signed"),
    pytest.param(edited(lambda root: root.insert(0, etree.Element("a"))), "N2N-SIG-004", id="wrapper-with-more"),
    pytest.param(edited(lambda root: etree.SubElement(root, "a").append(root[0])), "N2N-SIG-003", id="wrapped-deeper"),
    pytest.param(edited(hidden), "N2N-SIG-004", id="hidden-object"),
    pytest.param(resigned(lambda s, d: bytes(99)), "N2N-SIG-004", id="garbage"),
    pytest.param(
        resigned(lambda s, d: DTD.replace(b"CertificateOfOrigin", b"x") + s.xa.document_signature(d)),
        "N2N-SIG-004",
        id="dtd",
    ),
    pytest.param(
        resigned(lambda s, d: s.xa.document_signature(d).replace(b"<ds:Object>", b"<ds:Object>" + nested(30))),
        "N2N-SIG-004",
        id="deep",
    ),
    pytest.param(resigned(lambda s, d: s.xa.document_signature(d, uri="seal.xml")), "N2N-SIG-005", id="named-as-seal"),
    pytest.param(resigned(lambda s, d: s.xa.document_signature(d, uri="")), "N2N-SIG-005", id="named-as-nothing"),
    pytest.param(
        edited(lambda root: root.find(f".//{DS}Reference").append(etree.Element(DS + "Transforms"))),
        "N2N-SIG-006",
        id="transform",
    ),
    pytest.param(
        edited(lambda root: root.find(f".//{DS}DigestMethod").set("Algorithm", DS[1:-1] + "sha1")),
        "N2N-SIG-007",
        id="sha-1",
    ),
    pytest.param(
        edited(lambda root: root.find(f".//{DS}SignatureMethod").set("Algorithm", DS[1:-1] + "hmac-sha1")),
        "N2N-SIG-007",
        id="hmac",
    ),
    pytest.param(
        edited(lambda root: etree.SubElement(root.find(f".//{DS}KeyInfo"), DS + "KeyName")),
        "N2N-SIG-008",
        id="key-name",
    ),
    pytest.param(by("receipt"), "N2N-SIG-009", id="receipt-key"),
    pytest.param(by("tls"), "N2N-SIG-009", id="tls-key"),
    pytest.param(by("issuer"), "N2N-SIG-009", id="issuers-key"),
    pytest.param(by("XC"), "N2N-SIG-009", id="another-countrys-key"),
    pytest.param(by("stranger"), "N2N-SIG-009", id="not-enrolled"),
    pytest.param(by("foreign"), "N2N-SIG-010", id="from-another-countrys-ca"),
    pytest.param(by("expired"), "N2N-SIG-011", id="expired-certificate"),
    pytest.param(by("early"), "N2N-SIG-011", id="certificate-not-yet-valid"),
    pytest.param(resigned(lambda s, d: s.xa.document_signature(d + b"\n")), "N2N-SIG-012", id="over-another-document"),
    pytest.param(resigned(lambda s, d: s.xa.document_signature(d, mime="text/html")), "N2N-SIG-014", id="other-type"),
    pytest.param(
        resigned(
            lambda s, d: detached(
                d, "document.xml", "application/xml", s.xa.sign, s.xa.now + timedelta(minutes=5, seconds=1)
            )
        ),
        "N2N-SIG-015",
        id="signed-in-the-future",
    ),
]


@pytest.mark.parametrize(("make", "code"), SIGNATURES)
def test_a_document_signature_that_does_not_hold_is_asked_for_anew(
    stage: Stage, make: Callable[[Stage], Paper], code: str
) -> None:
    suffers(stage, stage.xa, make(stage), "deferred SIGNATURE", code)


def test_the_same_leaf_with_a_good_signature_is_then_accepted(stage: Stage) -> None:
    paper = stage.xa.paper(kind=PHYTO)
    suffers(stage, stage.xa, with_signature(paper), "deferred SIGNATURE", "N2N-SIG-001")
    assert [one.words for one in stage.victim.told(stage.xa.code, stage.xa.call([paper]).octets())] == ["accepted"]


@pytest.mark.parametrize("kind", [ORIGIN, PHYTO])
def test_one_bad_signature_beside_a_good_one_spoils_both(stage: Stage, kind: str) -> None:
    paper = stage.xa.paper(kind=kind)
    signed = with_signature(
        paper,
        stage.xa.document_signature(paper.document),
        stage.xa.document_signature(paper.document, stage.xa.receipt),
    )
    suffers(stage, stage.xa, signed, "deferred SIGNATURE", "N2N-SIG-009")


# --- papers that their issuing authority signed ---------------------------------------------------------------------


@pytest.mark.parametrize("uri", ["", None])
@pytest.mark.parametrize("code", ["XA", "XE"])
def test_a_paper_that_its_enrolled_issuer_signed_is_accepted(stage: Stage, code: str, uri: str | None) -> None:
    peer = stage.peers[code]
    suffers(stage, peer, peer.paper(enveloped(numbered(), peer.issuer, uri)), "accepted", None)


@pytest.mark.parametrize(
    ("code", "make", "words", "cause"),
    [
        pytest.param("XE", lambda s, d: d, "refused ISSUER_SIGNATURE", "N2N-DOC-002", id="unsigned"),
        pytest.param(
            "XC",
            lambda s, d: enveloped(d, s.peers[XC].issuer),
            "refused ISSUER_SIGNATURE",
            "N2N-DOC-002",
            id="not-agreed",
        ),
        pytest.param(
            "XA",
            lambda s, d: enveloped(d, s.peers[XC].issuer),
            "deferred SIGNATURE",
            "N2N-SIG-009",
            id="another-countrys",
        ),
        pytest.param(
            "XA", lambda s, d: enveloped(d, s.xa.sign), "deferred SIGNATURE", "N2N-SIG-009", id="the-nodes-own"
        ),
        pytest.param(
            "XA",
            lambda s, d: enveloped(d, s.xa.issuer).replace(b"Spindle", b"Gearbox"),
            "refused ISSUER_SIGNATURE",
            "N2N-DOC-002",
            id="altered",
        ),
        pytest.param(
            "XA",
            lambda s, d: enveloped(d, s.xa.issuer, transforms=(ENVELOPED_ONLY, XSLT)),
            "refused ISSUER_SIGNATURE",
            "N2N-DOC-002",
            id="xslt",
        ),
        pytest.param(
            "XA",
            lambda s, d: enveloped(d, s.xa.issuer, "http://127.0.0.1:1/"),
            "refused ISSUER_SIGNATURE",
            "N2N-DOC-002",
            id="elsewhere",
        ),
    ],
)
def test_an_issuers_signature_that_does_not_hold_is_not_accepted(
    stage: Stage, code: str, make: Callable[[Stage, bytes], bytes], words: str, cause: str
) -> None:
    peer = stage.peers[code]
    suffers(stage, peer, peer.paper(make(stage, numbered())), words, cause)


ENVELOPED_ONLY = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"

# The shapes of security 2.7 on a certificate of origin: F is forged content, S the signed original.
C = "{urn:n2n:v1:certificate-of-origin}"


def forged() -> etree._Element:
    root = etree.fromstring(numbered())
    root.find(f"{C}Item/{C}Description").text = "forged"
    return root


def taken(signed: etree._Element) -> etree._Element:
    signature = signed.find(DS + "Signature")
    signed.remove(signature)
    return signature


def copied(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))


def boxed(signature: etree._Element, content: etree._Element) -> etree._Element:
    etree.SubElement(signature, DS + "Object").append(content)
    return signature


def grown(root: etree._Element, *children: etree._Element) -> etree._Element:
    root.extend(children)
    return root


def altered(signed: etree._Element) -> etree._Element:
    signed.find(f"{C}Item/{C}Description").text = "forged"
    return signed


def clean(signed: etree._Element) -> etree._Element:
    copy = copied(signed)
    taken(copy)
    return copy


def first(parent: etree._Element, child: etree._Element) -> etree._Element:
    parent.insert(0, child)
    return parent


def twin(signed: etree._Element) -> etree._Element:
    return grown(etree.Element("{urn:example:twin}CertificateOfOrigin"), *list(signed))


def shadowed(signed: etree._Element) -> etree._Element:
    item = signed.find(C + "Item")
    shadow = copied(item)
    for element in shadow.iter():
        element.tag = element.tag.replace(C, "{urn:example:shadow}")
    signed.replace(item, shadow)
    return signed


def extended(child: etree._Element) -> etree._Element:
    return grown(etree.Element(C + "Extension"), child)


def based(signed: etree._Element) -> etree._Element:
    signed.set("{http://www.w3.org/XML/1998/namespace}base", "http://127.0.0.1:1/")
    return signed


def included(signed: etree._Element) -> etree._Element:
    signed.append(etree.Element("{http://www.w3.org/2001/XInclude}include", href="file:///etc/hostname", parse="text"))
    return signed


SHAPES: dict[str, Callable[[etree._Element], etree._Element]] = {
    "1-original-inside-object": lambda s: grown(forged(), boxed(taken(s), s)),
    "2-original-as-sibling": lambda s: grown(forged(), taken(s), s),
    "3-both-under-a-wrapper": lambda s: grown(etree.Element(C + "Batch"), forged(), s),
    "4-original-as-child": lambda s: grown(forged(), s),
    "5-altered-with-clean-copy": lambda s: (copy := clean(s)) is not None and grown(altered(s), copy),
    "6-clean-copy-inside-signature": lambda s: (
        (copy := clean(s)) is not None and grown(altered(s), boxed(taken(s), copy))
    ),
    "7-forged-in-an-extension": lambda s: first(s, extended(forged())),
    "8-extension-and-object": lambda s: grown(first(forged(), extended(forged())), boxed(taken(s), s)),
    "9-two-items": lambda s: first(s, forged().find(C + "Item")),
    "10-two-numbers": lambda s: first(s, forged().find(C + "Number")),
    "11-twin-of-the-root": twin,
    "12-original-inside-an-item": lambda s: grown(forged(), grown(forged().find(C + "Item"), s)),
    "13-two-signatures": lambda s: first(s, copied(s.find(DS + "Signature"))),
    "14-xinclude": included,
    "15-xml-base": based,
    "16-shadowed-namespace": shadowed,
}


@pytest.mark.parametrize("owner", ["own-issuer", "foreign-key"])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_wrapping_of_a_signed_paper_is_accepted(stage: Stage, shape: str, owner: str) -> None:
    issuer = stage.xa.issuer if owner == "own-issuer" else stage.peers[XC].issuer
    document = etree.tostring(SHAPES[shape](etree.fromstring(enveloped(numbered(), issuer))))
    call = stage.xa.call([stage.xa.paper(), stage.xa.paper(document), stage.xa.paper()])
    octets = call.octets()
    heard = stage.victim.told(stage.xa.code, octets)
    assert [one.words for one in heard[::2]] == ["accepted", "accepted"]
    assert heard[1].words.split()[0] == "refused"
    assert {"ISSUER_SIGNATURE", "SCHEMA", "KIND_UNKNOWN", "XML"} & set(heard[1].words.split())
    assert stage.victim.told(stage.xa.code, octets)[1].receipt == heard[1].receipt
    stage.victim.require_whole()
