"""The agreed form of a detached XAdES signature in its ASiC wrapper, read part by part (protocol 2, signature).

Nothing here proves anything yet; it makes sure that the engine and every other validator will judge the same thing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from node.crypto.algorithms import SignatureAlgorithm, by_uri
from node.crypto.moments import moment_from_datetime
from node.crypto.signature_parts import (
    DS,
    INCLUSIVE_C14N,
    SIGNATURE,
    SIGNED_PROPERTIES_TYPE,
    WRAPPER,
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
    KeyInfoRefused,
    ReferenceRefused,
    SeveralSignatures,
    SignatureForm,
    SignatureMisplaced,
    SignatureMissing,
    SignedPropertiesRefused,
    TransformRefused,
)
from node.safe_xml import Element

REFERENCES = 3
"""The file, SignedProperties, KeyInfo; neither more nor fewer."""


@dataclass(frozen=True, slots=True)
class DetachedForm:
    """What the parts of a well-formed signature say.

    `certificates` are DER, the signer's first; `references` are the URIs in their order; `certificate_digest` is the
    algorithm and value of SigningCertificateV2.
    """

    algorithm: SignatureAlgorithm
    certificates: tuple[bytes, ...]
    references: tuple[str, ...]
    key_info: Element
    signed_properties: Element
    signing_time: datetime
    certificate_digest: tuple[str, bytes]


def read_detached_form(
    root: Element, file_name: str, media_type: str, algorithms: Collection[SignatureAlgorithm]
) -> DetachedForm:
    """Read the signature over `file_name`; raises the subclass of SignatureError for the part that departs."""
    refusal = Refusal(SignatureForm, file_name)
    signature = _the_signature(root, refusal)
    signed_info, value, key_info, holder = exact_children(
        signature, (DS + "SignedInfo", DS + "SignatureValue", DS + "KeyInfo", DS + "Object"), refusal
    )
    require_attributes(value, refusal)
    base64_bytes(value, refusal)
    algorithm, references = _signed_info(signed_info, algorithms, refusal)
    certificates = _certificates(key_info, refusal.instead(KeyInfoRefused))
    refusal = refusal.instead(SignedPropertiesRefused)
    properties = _signed_properties(holder, signature.get("Id", ""), refusal)
    by_target = _references(references, file_name, properties.get("Id", ""), key_info.get("Id", ""), algorithm)
    time, digest = _read_properties(properties, by_target[file_name].get("Id", ""), media_type, algorithm, refusal)
    return DetachedForm(algorithm, certificates, tuple(by_target), key_info, properties, time, digest)


def _the_signature(root: Element, refusal: Refusal) -> Element:
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        raise SignatureMissing(what=refusal.what)
    if len(signatures) > 1:
        raise SeveralSignatures(what=refusal.what)
    if root.tag != WRAPPER or signatures[0].getparent() is not root:
        raise SignatureMisplaced(what=refusal.what)
    require_attributes(root, refusal)
    exact_children(root, (SIGNATURE,), refusal)
    require_attributes(signatures[0], refusal, required=("Id",))
    return signatures[0]


def _signed_info(
    signed_info: Element, algorithms: Collection[SignatureAlgorithm], refusal: Refusal
) -> tuple[SignatureAlgorithm, list[Element]]:
    require_attributes(signed_info, refusal)
    children = only_children(signed_info, refusal)
    names = [str(child.tag) for child in children]
    if names[:2] != [DS + "CanonicalizationMethod", DS + "SignatureMethod"] or {*names[2:]} != {DS + "Reference"}:
        raise refusal.because("children of SignedInfo")
    c14n, method = (algorithm_of(child, refusal) for child in children[:2])
    if c14n != INCLUSIVE_C14N:
        raise AlgorithmRefused(what=refusal.what, algorithm=shown(c14n))
    algorithm = by_uri(method)
    if algorithm is None or algorithm not in algorithms:
        raise AlgorithmRefused(what=refusal.what, algorithm=shown(method))
    return algorithm, children[2:]


def _references(
    references: Sequence[Element], file_name: str, properties_id: str, key_info_id: str, algorithm: SignatureAlgorithm
) -> Mapping[str, Element]:
    """The three references by URI in document order, none with a transform, all with an agreed digest."""
    refusal = Refusal(ReferenceRefused, file_name)
    if len(references) != REFERENCES:
        raise refusal.because(f"{len(references)} references instead of {REFERENCES}")
    by_target = {reference.get("URI", ""): reference for reference in references}
    if set(by_target) != {file_name, f"#{properties_id}", f"#{key_info_id}"}:
        raise refusal.because("the references are not file, SignedProperties and KeyInfo")
    for reference in references:
        if reference.find(DS + "Transforms") is not None:
            raise TransformRefused(what=file_name)
        method, value = exact_children(reference, (DS + "DigestMethod", DS + "DigestValue"), refusal)
        if algorithm_of(method, refusal) not in algorithm.digest_uris:
            raise AlgorithmRefused(what=file_name, algorithm=shown(method.get("Algorithm", "")))
        require_attributes(value, refusal)
        base64_bytes(value, refusal)
    require_attributes(by_target[file_name], refusal, required=("URI", "Id"))
    require_attributes(by_target[f"#{key_info_id}"], refusal, required=("URI",), optional=("Id",))
    to_properties = by_target[f"#{properties_id}"]
    require_attributes(to_properties, refusal, required=("URI", "Type"), optional=("Id",))
    if to_properties.get("Type") != SIGNED_PROPERTIES_TYPE:
        raise refusal.because("the Type of the reference to SignedProperties")
    return by_target


def _certificates(key_info: Element, refusal: Refusal) -> tuple[bytes, ...]:
    require_attributes(key_info, refusal, required=("Id",))
    (data,) = exact_children(key_info, (DS + "X509Data",), refusal)
    require_attributes(data, refusal)
    children = only_children(data, refusal)
    if any(child.tag != DS + "X509Certificate" for child in children):
        raise refusal.because("X509Data holds other things than certificates")
    return certificate_bytes(children, refusal)


def _signed_properties(holder: Element, signature_id: str, refusal: Refusal) -> Element:
    require_attributes(holder, refusal)
    (qualifying,) = exact_children(holder, (XADES + "QualifyingProperties",), refusal)
    require_attributes(qualifying, refusal, required=("Target",))
    if qualifying.get("Target") != f"#{signature_id}":
        raise refusal.because("the Target of QualifyingProperties")
    properties, *unsigned = only_children(qualifying, refusal) or [qualifying]
    if properties.tag != XADES + "SignedProperties" or len(unsigned) > 1:
        raise refusal.because("children of QualifyingProperties")
    for element in unsigned:
        _only_time_stamps(element, refusal)
    require_attributes(properties, refusal, required=("Id",))
    return properties


def _only_time_stamps(unsigned: Element, refusal: Refusal) -> None:
    """Time stamps may be added without touching what was signed; nothing reads them yet, nothing else may stand."""
    if unsigned.tag != XADES + "UnsignedProperties":
        raise refusal.because("children of QualifyingProperties")
    (properties,) = exact_children(unsigned, (XADES + "UnsignedSignatureProperties",), refusal)
    if any(child.tag != XADES + "SignatureTimeStamp" for child in only_children(properties, refusal)):
        raise refusal.because("unsigned properties other than time stamps")


def _read_properties(
    properties: Element, file_reference_id: str, media_type: str, algorithm: SignatureAlgorithm, refusal: Refusal
) -> tuple[datetime, tuple[str, bytes]]:
    """SigningTime and the digest of SigningCertificateV2; the one DataObjectFormat must name the file and its type."""
    of_signature, of_data = exact_children(
        properties, (XADES + "SignedSignatureProperties", XADES + "SignedDataObjectProperties"), refusal
    )
    time, certificate = exact_children(of_signature, (XADES + "SigningTime", XADES + "SigningCertificateV2"), refusal)
    (form,) = exact_children(of_data, (XADES + "DataObjectFormat",), refusal)
    require_attributes(form, refusal, required=("ObjectReference",))
    (mime_type,) = exact_children(form, (XADES + "MimeType",), refusal)
    if form.get("ObjectReference") != f"#{file_reference_id}" or plain_text(mime_type, refusal) != media_type:
        raise refusal.because("DataObjectFormat does not name the file and its type")
    for element in (of_signature, of_data, time, certificate, mime_type):
        require_attributes(element, refusal)
    return _moment(time, refusal), _certificate_digest(certificate, algorithm, refusal)


def _moment(element: Element, refusal: Refusal) -> datetime:
    try:
        return moment_from_datetime(plain_text(element, refusal))
    except ValueError as error:
        raise refusal.because("SigningTime") from error


def _certificate_digest(element: Element, algorithm: SignatureAlgorithm, refusal: Refusal) -> tuple[str, bytes]:
    (certificate,) = exact_children(element, (XADES + "Cert",), refusal)
    digest, *issuer = only_children(certificate, refusal) or [certificate]
    if digest.tag != XADES + "CertDigest" or [child.tag for child in issuer] not in ([], [XADES + "IssuerSerialV2"]):
        raise refusal.because("children of Cert")
    method, value = exact_children(digest, (DS + "DigestMethod", DS + "DigestValue"), refusal)
    for part in (certificate, digest, value):
        require_attributes(part, refusal)
    uri = algorithm_of(method, refusal)
    if uri not in algorithm.digest_uris:
        raise AlgorithmRefused(what=refusal.what, algorithm=shown(uri))
    return uri, base64_bytes(value, refusal)
