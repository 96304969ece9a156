"""The text of our own detached form, with {names} where values stand: as it is written, and its signed parts canonical.

Canonical XML 1.0, inclusive, of a part differs from how it is written in three things: every namespace in scope stands
on its first element, attributes are ordered by name, and an empty element has an end tag.
"""

import re
from collections.abc import Mapping

from node.crypto.signature_parts import ASIC, DS, INCLUSIVE_C14N, SIGNED_PROPERTIES_TYPE, XADES

# Ordered by prefix, as canonical forms do.
_ASIC, _DS, _XADES = (
    f' xmlns:{prefix}="{name}"' for prefix, name in (("asic", ASIC), ("ds", DS[1:-1]), ("xades", XADES[1:-1]))
)
_SCOPE = _ASIC + _DS + _XADES

_KEY_INFO = (
    '<ds:KeyInfo{scope} Id="key-info"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>'
    "</ds:X509Data></ds:KeyInfo>"
)
_PROPERTIES = (
    '<xades:SignedProperties{scope} Id="signature-SignedProperties"><xades:SignedSignatureProperties>'
    "<xades:SigningTime>{time}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
    '<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{certificate_digest}</ds:DigestValue>'
    "</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"
    '<xades:SignedDataObjectProperties><xades:DataObjectFormat ObjectReference="#file">'
    "<xades:MimeType>{media_type}</xades:MimeType></xades:DataObjectFormat></xades:SignedDataObjectProperties>"
    "</xades:SignedProperties>"
)
_SIGNED_INFO = (
    f'<ds:SignedInfo{{scope}}><ds:CanonicalizationMethod Algorithm="{INCLUSIVE_C14N}"/>'
    '<ds:SignatureMethod Algorithm="{method}"/>'
    "<ds:Reference {file_attributes}>"
    '<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{file_digest}</ds:DigestValue></ds:Reference>'
    "<ds:Reference {properties_attributes}>"
    '<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{properties_digest}</ds:DigestValue></ds:Reference>'
    '<ds:Reference URI="#key-info">'
    '<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{key_info_digest}</ds:DigestValue></ds:Reference>'
    "</ds:SignedInfo>"
)
_PROPERTIES_URI, _PROPERTIES_TYPE = 'URI="#signature-SignedProperties"', f'Type="{SIGNED_PROPERTIES_TYPE}"'
_WRITTEN = {
    "scope": "",
    "file_attributes": 'URI="{file_name}" Id="file"',
    "properties_attributes": f"{_PROPERTIES_URI} {_PROPERTIES_TYPE}",
}
_CANONICAL = {
    "scope": _SCOPE,
    "file_attributes": 'Id="file" URI="{file_name}"',
    "properties_attributes": f"{_PROPERTIES_TYPE} {_PROPERTIES_URI}",
}


def _with(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


HEAD = (  # up to the signature value
    f'<asic:XAdESSignatures{_ASIC}><ds:Signature{_DS}{_XADES} Id="signature">'
    f"{_with(_SIGNED_INFO, _WRITTEN)}<ds:SignatureValue>"
)
TAIL = (  # from the signature value on
    f"</ds:SignatureValue>{_with(_KEY_INFO, _WRITTEN)}"
    f'<ds:Object><xades:QualifyingProperties Target="#signature">{_with(_PROPERTIES, _WRITTEN)}'
    "</xades:QualifyingProperties></ds:Object></ds:Signature></asic:XAdESSignatures>"
)
CANONICAL_KEY_INFO, CANONICAL_PROPERTIES, CANONICAL_SIGNED_INFO = (
    re.sub(r"<([\w:]+)([^<>]*)/>", r"<\1\2></\1>", _with(template, _CANONICAL))
    for template in (_KEY_INFO, _PROPERTIES, _SIGNED_INFO)
)
