"""The accepted form of an issuing authority's signature inside its paper: the whole-root rule (security 2.1 X1, X6).

Exactly one ds:Signature, a direct child of the root, with one data Reference that means the whole document, and at most
two more to its own SignedProperties and KeyInfo. Other people's signatures vary; what may vary here changes no meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from node.crypto.algorithms import SignatureAlgorithm, by_uri
from node.crypto.moments import moment_from_datetime
from node.crypto.signature_parts import (
    DS,
    ENVELOPED,
    EXCLUSIVE_C14N,
    INCLUSIVE_C14N,
    SIGNATURE,
    XADES,
    Refusal,
    algorithm_of,
    base64_bytes,
    certificate_bytes,
    exact_children,
    only_children,
    plain_text,
    require_attributes,
    shown,
)
from node.errors import (
    AlgorithmRefused,
    CanonicalisationFailed,
    KeyInfoRefused,
    NotWholeRoot,
    ReferenceRefused,
    SeveralSignatures,
    SignatureForm,
    SignatureMisplaced,
    SignatureMissing,
    SignedPropertiesRefused,
    TransformRefused,
)
from node.safe_xml import SIGNATURE_LIMITS, Element

WHAT = "the document"

MAX_REFERENCES = 4
"""References of one signature (security 2.8)."""

_C14N = frozenset({INCLUSIVE_C14N, EXCLUSIVE_C14N})
_XML_ATTRIBUTES = "{http://www.w3.org/XML/1998/namespace}"
_REFUSAL = Refusal(SignatureForm, WHAT)


@dataclass(frozen=True, slots=True)
class EnvelopedForm:
    """What the parts of an enveloped signature say.

    `data_reference` is the position of the Reference to the document, `c14n` how that was made canonical; without
    signed properties the signature is plain XMLDSig.
    """

    signature: Element
    algorithm: SignatureAlgorithm
    certificates: tuple[bytes, ...]
    references: int
    data_reference: int
    c14n: str
    signed_properties: Element | None
    signing_time: datetime | None


def read_enveloped_form(root: Element) -> EnvelopedForm:
    """Read the issuer's signature; raises the subclass of SignatureError for the part that departs from the form."""
    signature = _the_signature(root)
    # It is canonicalised part by part before anything is proved, so it is held to the size of a signature.
    if sum(1 for _ in signature.iter()) > SIGNATURE_LIMITS.nodes:
        raise _REFUSAL.because("more elements than a signature has")
    children = only_children(signature, _REFUSAL)
    names = [str(child.tag) for child in children]
    if names[:3] != [DS + "SignedInfo", DS + "SignatureValue", DS + "KeyInfo"] or names[3:] not in (
        [],
        [DS + "Object"],
    ):
        raise _REFUSAL.because("children of Signature")
    signed_info, value, key_info = children[:3]
    base64_bytes(value, _REFUSAL)
    algorithm, references = _signed_info(root, signed_info)
    properties = _signed_properties(children[3], signature) if children[3:] else None
    data = _data_reference(root, references, properties, key_info)
    for reference in references:
        _require_digest(reference, algorithm)
    return EnvelopedForm(
        signature=signature,
        algorithm=algorithm,
        certificates=_certificates(key_info),
        references=len(references),
        data_reference=data,
        c14n=_whole_document_c14n(references[data]),
        signed_properties=properties,
        signing_time=None if properties is None else _signing_time(properties, references[data]),
    )


def octets_without_signature(root: Element, form: EnvelopedForm) -> bytes:
    """The canonical root as it is without its signature, which is taken out of the tree for good."""
    signature = form.signature
    before, tail = signature.getprevious(), signature.tail or ""
    if before is None:
        root.text = (root.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    signature.tail = None
    root.remove(signature)
    try:
        return etree.tostring(root, method="c14n", exclusive=form.c14n == EXCLUSIVE_C14N, with_comments=False)
    except (etree.LxmlError, ValueError) as error:
        raise CanonicalisationFailed from error


def _the_signature(root: Element) -> Element:
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        raise SignatureMissing(what=WHAT)
    if len(signatures) > 1:
        raise SeveralSignatures(what=WHAT)
    if signatures[0].getparent() is not root:
        raise SignatureMisplaced(what=WHAT)
    require_attributes(signatures[0], _REFUSAL, optional=("Id",))
    return signatures[0]


def _signed_info(root: Element, signed_info: Element) -> tuple[SignatureAlgorithm, list[Element]]:
    require_attributes(signed_info, _REFUSAL, optional=("Id",))
    children = only_children(signed_info, _REFUSAL)
    names = [str(child.tag) for child in children]
    if names[:2] != [DS + "CanonicalizationMethod", DS + "SignatureMethod"] or {*names[2:]} != {DS + "Reference"}:
        raise _REFUSAL.because("children of SignedInfo")
    c14n, method = (algorithm_of(child, _REFUSAL) for child in children[:2])
    algorithm = by_uri(method)
    if c14n not in _C14N or algorithm is None:
        raise AlgorithmRefused(what=WHAT, algorithm=shown(method if c14n in _C14N else c14n))
    _require_no_inheritance(root, c14n)
    if len(children) - 2 > MAX_REFERENCES:
        raise ReferenceRefused(what=WHAT, detail=f"more than {MAX_REFERENCES} references")
    return algorithm, children[2:]


def _data_reference(root: Element, references: Sequence[Element], properties: Element | None, key_info: Element) -> int:
    """The position of the one Reference to the whole document; every other one is to a part of the signature itself."""
    refusal = Refusal(ReferenceRefused, WHAT)
    uris = [reference.get("URI") for reference in references]
    if len(set(uris)) != len(uris):
        raise refusal.because("the same reference twice")
    own_parts = {f"#{part.get('Id')}" for part in (properties, key_info) if part is not None and part.get("Id")}
    data = [position for position, uri in enumerate(uris) if uri not in own_parts]
    if len(data) != 1:
        raise refusal.because("not exactly one reference to the document")
    if uris[data[0]] not in (None, "", *_root_targets(root)):
        raise NotWholeRoot(what=WHAT)
    if properties is not None and f"#{properties.get('Id')}" not in uris:
        raise SignedPropertiesRefused(what=WHAT, detail="no reference covers them")
    for position, reference in enumerate(references):
        if position != data[0]:
            _require_no_inheritance(root, _part_c14n(reference))
    return data[0]


def _root_targets(root: Element) -> set[str]:
    names = (str(name) for name in root.attrib)
    return {f"#{root.get(name)}" for name in names if name.rpartition("}")[2].lower() == "id" and root.get(name)}


def _whole_document_c14n(reference: Element) -> str:
    """The canonicalisation after the enveloped-signature transform; without one it is the inclusive one."""
    transforms = _transforms(reference)
    if transforms[:1] != [ENVELOPED] or len(transforms) > 2 or not _C14N.issuperset(transforms[1:]):
        raise TransformRefused(what=WHAT)
    return transforms[1] if transforms[1:] else INCLUSIVE_C14N


def _part_c14n(reference: Element) -> str:
    transforms = _transforms(reference)
    if len(transforms) > 1 or not _C14N.issuperset(transforms):
        raise TransformRefused(what=WHAT)
    return transforms[0] if transforms else INCLUSIVE_C14N


def _require_no_inheritance(root: Element, c14n: str) -> None:
    """Inclusive parts inherit xml: attributes by the standard and not in our engine, so validators would disagree."""
    if c14n == INCLUSIVE_C14N and any(str(name).startswith(_XML_ATTRIBUTES) for name in root.attrib):
        raise _REFUSAL.because("xml: attributes of the root above an inclusive part of the signature")


def _transforms(reference: Element) -> list[str]:
    holder = reference.find(DS + "Transforms")
    if holder is None:
        return []
    refusal = Refusal(TransformRefused, WHAT)
    require_attributes(holder, refusal)
    transforms = only_children(holder, refusal)
    if any(transform.tag != DS + "Transform" for transform in transforms):
        raise TransformRefused(what=WHAT)
    # An InclusiveNamespaces list inside a Transform would make it another canonicalisation: refused as a child.
    return [algorithm_of(transform, refusal) for transform in transforms]


def _require_digest(reference: Element, algorithm: SignatureAlgorithm) -> None:
    refusal = Refusal(ReferenceRefused, WHAT)
    require_attributes(reference, refusal, optional=("URI", "Id", "Type"))
    children = [child for child in only_children(reference, refusal) if child.tag != DS + "Transforms"]
    if len(reference) > 3 or [child.tag for child in children] != [DS + "DigestMethod", DS + "DigestValue"]:
        raise refusal.because("children of Reference")
    uri = algorithm_of(children[0], refusal)
    if uri not in algorithm.digest_uris:
        raise AlgorithmRefused(what=WHAT, algorithm=shown(uri))
    base64_bytes(children[1], refusal)


def _certificates(key_info: Element) -> tuple[bytes, ...]:
    """The certificates of the one X509Data; a KeyValue beside it is compared with the certificate by the engine."""
    refusal = Refusal(KeyInfoRefused, WHAT)
    children = only_children(key_info, refusal)
    data = [child for child in children if child.tag == DS + "X509Data"]
    values = [child for child in children if child.tag == DS + "KeyValue"]
    if len(data) != 1 or len(values) > 1 or len(children) != len(data) + len(values):
        raise refusal.because("not one X509Data")
    parts = only_children(data[0], refusal)
    if any(part.tag not in (DS + "X509Certificate", DS + "X509SubjectName", DS + "X509IssuerSerial") for part in parts):
        raise refusal.because("children of X509Data")
    return certificate_bytes([part for part in parts if part.tag == DS + "X509Certificate"], refusal)


def _signed_properties(holder: Element, signature: Element) -> Element:
    """SignedProperties of the one Object a XAdES signature has; an Object with anything else could hide a paper."""
    refusal = Refusal(SignedPropertiesRefused, WHAT)
    (qualifying,) = exact_children(holder, (XADES + "QualifyingProperties",), refusal)
    properties = only_children(qualifying, refusal)
    names = [str(child.tag) for child in properties]
    if names[:1] != [XADES + "SignedProperties"] or names[1:] not in ([], [XADES + "UnsignedProperties"]):
        raise refusal.because("children of QualifyingProperties")
    if not signature.get("Id") or qualifying.get("Target") != f"#{signature.get('Id')}" or not properties[0].get("Id"):
        raise refusal.because("the Target of QualifyingProperties")
    return properties[0]


def _signing_time(properties: Element, data_reference: Element) -> datetime | None:
    refusal = Refusal(SignedPropertiesRefused, WHAT)
    for form in properties.iter(XADES + "DataObjectFormat"):
        if not data_reference.get("Id") or form.get("ObjectReference") != f"#{data_reference.get('Id')}":
            raise refusal.because("DataObjectFormat does not name the document")
    times = properties.findall(f"{XADES}SignedSignatureProperties/{XADES}SigningTime")
    if len(times) > 1:
        raise refusal.because("SigningTime twice")
    try:
        return moment_from_datetime(plain_text(times[0], refusal)) if times else None
    except ValueError as error:
        raise refusal.because("SigningTime") from error
