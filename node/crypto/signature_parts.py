"""Names of XMLDSig and XAdES, and strict readers of their small parts: exact attributes, exact children, exact Base64.

signxml ignores what it does not know and decodes Base64 leniently; what we accept must mean the same to every other
validator (security 0.2, 2.1 X6), so anything beyond the agreed form is refused before it runs.
"""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from node.errors import SignatureError
from node.safe_xml import Element

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
ASIC = "http://uri.etsi.org/02918/v1.2.1#"

WRAPPER = f"{{{ASIC}}}XAdESSignatures"
SIGNATURE = DS + "Signature"
INCLUSIVE_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"

MAX_CERTIFICATES = 8
"""Certificates in KeyInfo (security 2.8)."""

MAX_CERTIFICATE_BYTES = 16 * 1024
"""One certificate, DER (security 2.8)."""

MAX_SHOWN = 80
"""Longest real identifier of an algorithm is 66 characters."""

_WHITE = " \t\r\n"
_NO_WHITE = str.maketrans("", "", _WHITE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a reader refuses: the error class for the part being read, and what the signature is over."""

    error: type[SignatureError]
    what: str

    def because(self, detail: str) -> SignatureError:
        """The error to raise."""
        return self.error(what=self.what, detail=detail)

    def instead(self, error: type[SignatureError]) -> "Refusal":
        """The same for another part."""
        return Refusal(error, self.what)


def local(name: str) -> str:
    """A Clark name without its namespace, for messages."""
    return name.rpartition("}")[2]


def shown(uri: str) -> str:
    """An identifier from outside as far as an error message may carry it."""
    return "".join(character for character in uri[:MAX_SHOWN] if "!" <= character <= "~") or "?"


def require_attributes(
    element: Element, refusal: Refusal, required: Collection[str] = (), optional: Collection[str] = ()
) -> None:
    """Raise unless the element has all the required attributes and no others but optional ones."""
    names = {str(name) for name in element.attrib}
    if not names.issuperset(required) or not names.issubset({*required, *optional}):
        raise refusal.because(f"attributes of {local(str(element.tag))}")


def only_children(element: Element, refusal: Refusal) -> list[Element]:
    """All children; raises when there is anything but white space between them."""
    children = list(element)
    if any((text or "").strip(_WHITE) for text in (element.text, *(child.tail for child in children))):
        raise refusal.because(f"text in {local(str(element.tag))}")
    return children


def exact_children(element: Element, names: Sequence[str], refusal: Refusal) -> list[Element]:
    """The children when they are exactly `names` in this order; raises otherwise."""
    children = only_children(element, refusal)
    if [child.tag for child in children] != list(names):
        raise refusal.because(f"children of {local(str(element.tag))}")
    return children


def plain_text(element: Element, refusal: Refusal) -> str:
    """The text of an element without children; raises otherwise."""
    if len(element):
        raise refusal.because(f"children of {local(str(element.tag))}")
    return element.text or ""


def algorithm_of(element: Element, refusal: Refusal) -> str:
    """The Algorithm attribute of an element that has nothing else."""
    require_attributes(element, refusal, required=("Algorithm",))
    if plain_text(element, refusal).strip(_WHITE):
        raise refusal.because(f"text in {local(str(element.tag))}")
    return element.get("Algorithm", "")


def base64_bytes(element: Element, refusal: Refusal) -> bytes:
    """The bytes of a Base64 text in its one spelling, white space aside; raises otherwise."""
    text = plain_text(element, refusal).translate(_NO_WHITE)
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise refusal.because(f"Base64 of {local(str(element.tag))}") from error
    if not octets or base64.b64encode(octets).decode("ascii") != text:
        raise refusal.because(f"Base64 of {local(str(element.tag))}")
    return octets


def certificate_bytes(elements: Sequence[Element], refusal: Refusal) -> tuple[bytes, ...]:
    """The DER of 1 to 8 X509Certificate elements; raises otherwise."""
    if not 1 <= len(elements) <= MAX_CERTIFICATES:
        raise refusal.because(f"not 1 to {MAX_CERTIFICATES} certificates")
    for element in elements:
        require_attributes(element, refusal)
    certificates = tuple(base64_bytes(element, refusal) for element in elements)
    if any(len(certificate) > MAX_CERTIFICATE_BYTES for certificate in certificates):
        raise refusal.because("a certificate that is too large")
    return certificates
