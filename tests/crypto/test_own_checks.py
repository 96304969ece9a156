"""Our own checks after the engine hold alone: an engine that says yes to everything does not get a forgery through."""

from types import SimpleNamespace

import pytest
from lxml import etree

from node.crypto import verification
from node.crypto.detached_form import read_detached_form
from node.crypto.verification import verify_document_signature, verify_issuer_signature
from node.crypto.xades import sign_detached
from node.errors import NotWholeRoot, ReferenceRefused, SignedPropertiesRefused
from node.model.document import MediaType
from node.safe_xml import canonical, parse

CONTENT = b'<Paper xmlns="urn:example:paper"/>'


@pytest.fixture
def signature(lab: SimpleNamespace) -> bytes:
    """A good one that is not byte for byte what our writer makes: the general form is judged by the engine."""
    own = sign_detached(CONTENT, "document.xml", "application/xml", lab.xa.sign, lab.NOW)
    return own.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo >")


def covered(lab: SimpleNamespace, signature: bytes) -> list[bytes]:
    """What an honest engine reports for this signature."""
    form = read_detached_form(parse(signature), "document.xml", "application/xml", lab.xa.trust.algorithms)
    return [CONTENT, canonical(form.signed_properties), canonical(form.key_info)]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_other_octets_than_those_read_are_refused(
    lab: SimpleNamespace, signature: bytes, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    octets = covered(lab, signature)
    monkeypatch.setattr(verification, "verify_detached", lambda *_: octets)
    assert verify_document_signature(CONTENT, MediaType.XML, signature, trust=lab.xa.trust, now=lab.NOW)
    for wrong in ([*octets[:position], b"other", *octets[position + 1 :]], octets[:position], [*octets, CONTENT]):
        monkeypatch.setattr(verification, "verify_detached", lambda *_, wrong=wrong: wrong)
        with pytest.raises(ReferenceRefused):
            verify_document_signature(CONTENT, MediaType.XML, signature, trust=lab.xa.trust, now=lab.NOW)


def test_the_digest_of_another_certificate_is_refused(
    lab: SimpleNamespace, signature: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = etree.fromstring(signature)
    value = list(root.iter("{http://www.w3.org/2000/09/xmldsig#}DigestValue"))[3]
    value.text = lab.digest(lab.SHA256, b"another certificate")
    forged = etree.tostring(root)
    monkeypatch.setattr(verification, "verify_detached", lambda *_: covered(lab, forged))
    with pytest.raises(SignedPropertiesRefused):
        verify_document_signature(CONTENT, MediaType.XML, forged, trust=lab.xa.trust, now=lab.NOW)


def test_an_issuers_octets_must_be_the_whole_root(lab: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    document = lab.enveloped(CONTENT, lab.xa.sign)
    for octets, holds in ((canonical(parse(CONTENT)), True), (b"<Paper/>", False), (canonical(parse(document)), False)):
        monkeypatch.setattr(verification, "verify_enveloped", lambda *_, octets=octets: [octets])
        if holds:
            assert verify_issuer_signature(document, issuers=(lab.xa.sign.certificate,), now=lab.NOW)
        else:
            with pytest.raises(NotWholeRoot):
                verify_issuer_signature(document, issuers=(lab.xa.sign.certificate,), now=lab.NOW)
