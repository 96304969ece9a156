"""The business answer about an SPS certificate as UN/CEFACT SPSAcknowledgement 17.

    IssueDateTime                   when the agency decided
    StatusCode                      39 accepted, 97 conditional, 41 rejected (UNTDID 4405)
    ReasonInformation               `code: R07` and `reason: …`, each once and only when there is one
    ReferenceSPSReferencedDocument  AWR, the certificate: its number, and `sha256:` with the digest of its exact bytes
                                    ZZZ, `message-id`: the message that brought it
                                    ZZZ, `reference`: the agency's own file, when there is one

Relationship codes are UNTDID 1153: AWR is the original, ZZZ mutually defined. What else the standard would allow has no
meaning here and is refused: what we do not understand we do not answer for.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from lxml import etree

from node.clock import to_xml
from node.documents.business_answer import PaperAnswered, require_fit_texts
from node.documents.checks import MAX_NAME, is_label, text_at
from node.documents.phytosanitary_rules import moment_in
from node.documents.sps_names import RAM, UDT
from node.documents.structure import PaperSchema
from node.documents.xml_paths import Paths
from node.errors import AnswerMalformed
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.ids import Digest, is_uuid7
from node.safe_xml import Element, XmlLimits, parse

RSM = "{urn:un:unece:uncefact:data:standard:SPSAcknowledgement:17}"

LIMITS = XmlLimits(size_bytes=16 * 1024, nodes=100, depth=10, attributes=20, text_bytes=8 * 1024)
"""Room for the longest texts in any script."""

STATUSES: Mapping[AnswerVerdict, str] = {
    AnswerVerdict.ACCEPTED: "39",
    AnswerVerdict.CONDITIONAL: "97",
    AnswerVerdict.REJECTED: "41",
}
"""UNTDID 4405: approved; pending, for it holds once its condition is met; rejected."""

SCHEMA = PaperSchema(Path(__file__).parent / "schemas/phytosanitary_certificate/SPSAcknowledgement_17.xsd")

_CODE, _REASON = "code: ", "reason: "
_CERTIFICATE, _OTHER = "AWR", "ZZZ"
_MESSAGE, _FILE = "message-id", "reference"
_DIGEST = re.compile("sha256:([0-9a-f]{64})")
_DOCUMENT = f"{RSM}SPSAcknowledgementDocument"
_REFERENCE = f"{RAM}ReferenceSPSReferencedDocument"
_PLAIN = frozenset({f"{RAM}{name}" for name in ("TypeCode", "RelationshipTypeCode", "ID", "Information")})


def write(answer: BusinessAnswer, about: PaperAnswered, at: datetime) -> bytes:
    """The one form of this answer, given at that moment (UTC), about the certificate of that number.

    Raises AnswerMalformed when a text is too long or holds unfit characters.
    """
    require_fit_texts(answer)
    if answer.verdict not in STATUSES:
        raise AnswerMalformed(field="verdict", rule="has no status in an SPSAcknowledgement")
    if answer.reference and not answer.reference.strip():
        raise AnswerMalformed(field="reference", rule="must not be blank")
    spaces = {"rsm": RSM[1:-1], "ram": RAM[1:-1], "udt": UDT[1:-1]}
    root = etree.Element(f"{RSM}SPSAcknowledgement", nsmap=spaces)
    document = etree.SubElement(root, _DOCUMENT)
    moment = etree.SubElement(document, f"{RAM}IssueDateTime")
    etree.SubElement(moment, f"{UDT}DateTimeString").text = to_xml(at)
    etree.SubElement(document, f"{RAM}StatusCode").text = STATUSES[answer.verdict]
    for prefix, text in ((_CODE, answer.reason_code), (_REASON, answer.reason)):
        if text:
            etree.SubElement(document, f"{RAM}ReasonInformation").text = prefix + text
    _refer(document, _CERTIFICATE, about.number, f"sha256:{about.document_sha256.hex()}")
    _refer(document, _OTHER, about.message_id, _MESSAGE)
    if answer.reference:
        _refer(document, _OTHER, answer.reference, _FILE)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _refer(document: Element, relation: str, identifier: str, information: str) -> None:
    reference = etree.SubElement(document, _REFERENCE)
    for name, text in (("RelationshipTypeCode", relation), ("ID", identifier), ("Information", information)):
        etree.SubElement(reference, f"{RAM}{name}").text = text


def read(content: bytes) -> tuple[BusinessAnswer, PaperAnswered]:
    """The answer in `content`. Raises AnswerMalformed with the first rule that it breaks, or XmlError."""
    root = parse(content, LIMITS)
    for element, rule in _breaches(root):
        raise AnswerMalformed(field=Paths().of(element)[1:], rule=rule)
    document = root[0]
    references = list(document.iterchildren(_REFERENCE))
    number, digest = _certificate(references)
    texts = _reasons(document)
    answer = BusinessAnswer(
        verdict=_VERDICTS[text_at(document, f"{RAM}StatusCode")],
        reason_code=texts.get(_CODE, ""),
        reason=texts.get(_REASON, ""),
        reference=_other(references, _FILE),
    )
    require_fit_texts(answer)
    message_id = _other(references, _MESSAGE)
    if not is_uuid7(message_id):
        raise AnswerMalformed(field="message_id", rule="is a UUIDv7 of 36 lower-case characters")
    return answer, PaperAnswered(message_id, digest, number)


_VERDICTS = {status: verdict for verdict, status in STATUSES.items()}


def _breaches(root: Element) -> Iterator[tuple[Element, str]]:
    for breach in SCHEMA.breaches(root):
        yield breach.element, f"{breach.attribute} {breach.rule}".strip()
    for document in root.iterchildren(_DOCUMENT):
        if moment_in(document.find(f"{RAM}IssueDateTime")) is None:
            yield document, "names the moment of the decision with offset"
        if text_at(document, f"{RAM}StatusCode") not in _VERDICTS:
            yield document, f"StatusCode is one of {', '.join(_VERDICTS)}"
        for reference in document.iterchildren(_REFERENCE):
            for part in reference:
                if part.tag not in _PLAIN:
                    yield part, "has no meaning in an answer"


def _reasons(document: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in document.iterchildren(f"{RAM}ReasonInformation"):
        text = element.text or ""
        prefix = next((one for one in (_CODE, _REASON) if text.startswith(one)), "")
        if not prefix or prefix in found:
            raise AnswerMalformed(field="ReasonInformation", rule="is one `code: ` and one `reason: ` at most")
        found[prefix] = text.removeprefix(prefix)
    return found


def _certificate(references: list[Element]) -> tuple[str, Digest]:
    named = [one for one in references if text_at(one, f"{RAM}RelationshipTypeCode") == _CERTIFICATE]
    others = [one for one in references if one not in named]
    known = [text_at(one, f"{RAM}Information") for one in others]
    if (
        any(text_at(one, f"{RAM}RelationshipTypeCode") != _OTHER for one in others)
        or not {_MESSAGE} <= set(known) <= {_MESSAGE, _FILE}
        or len(set(known)) < len(known)
    ):
        raise AnswerMalformed(field="ReferenceSPSReferencedDocument", rule="names a message and one file at most")
    if len(named) != 1:
        raise AnswerMalformed(field="ReferenceSPSReferencedDocument", rule="names one certificate (AWR)")
    number = text_at(named[0], f"{RAM}ID")
    digest = _DIGEST.fullmatch(text_at(named[0], f"{RAM}Information"))
    if digest is None or not is_label(number, MAX_NAME):
        raise AnswerMalformed(field="ReferenceSPSReferencedDocument", rule="names number and sha256 of the certificate")
    return number, Digest(bytes.fromhex(digest[1]))


def _other(references: list[Element], what: str) -> str:
    for reference in references:
        if text_at(reference, f"{RAM}Information") == what:
            identifier = reference.find(f"{RAM}ID")
            return (identifier.text or "") if identifier is not None else ""
    return ""
