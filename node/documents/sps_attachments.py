"""Attachments of SPS certificates: inline, or named by their digest.

    <ram:AttachmentBinaryObject mimeCode="application/pdf" filename="lab.pdf">JVBERi0…</ram:AttachmentBinaryObject>
    <ram:AttachmentBinaryObject mimeCode="application/pdf" uri="ni:///sha-256;UyaQV-Ev4rdLoHyJJWCi11OHfrYv9E1aGQAlMO2X_-Q"/>

UN/CEFACT gives an attachment the attribute `uri` and lets its content be empty. RFC 6920 writes a digest as a URI that
names the content and no place to fetch it from, so nothing of the certificate has to change when the file moves, and no
reader is led anywhere. With content and digest both, they must agree.
"""

import base64
import hashlib
import re
from collections.abc import Iterator

from node.documents.breach import Breach
from node.documents.checks import text_of
from node.documents.codes.sps import ATTACHMENT_TYPES, PLAIN_TEXT
from node.documents.sps_names import RAM
from node.safe_xml import Element

ATTACHMENT = f"{RAM}AttachmentBinaryObject"
NO_ATTACHMENT_TYPE = "must be pdf, png, jpeg, tiff or plain text"

_DIGEST = re.compile("ni:///sha-256;([A-Za-z0-9_-]{43})")
_BEGINNINGS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
}


def attachment_rules(root: Element) -> Iterator[Breach]:
    """What is wrong with the attachments of a certificate, or of anything that has some."""
    for element in root.iter(ATTACHMENT):
        mime = element.get("mimeCode", "")
        if mime not in ATTACHMENT_TYPES:
            yield Breach(element, NO_ATTACHMENT_TYPE, attribute="mimeCode")
        uri = element.get("uri")
        named = _DIGEST.fullmatch(uri or "")
        if uri is not None and named is None:
            yield Breach(element, "must be ni:///sha-256; and a digest (RFC 6920)", attribute="uri")
        if not text_of(element):
            if uri is None:
                yield Breach(element, "holds neither content nor, in uri, its digest")
            continue
        octets = content_of(element)
        if not octets:
            yield Breach(element, "must be Base64")
        elif mime in ATTACHMENT_TYPES and type_of(octets) != mime:
            yield Breach(element, "is not what the content is", attribute="mimeCode")
        if octets and named is not None and named[1] != _digest(octets):
            yield Breach(element, "is the digest of another content", attribute="uri")


def content_of(element: Element) -> bytes:
    """The octets of an inline attachment; empty when it has none, or no Base64."""
    try:
        return base64.b64decode("".join(text_of(element).split()), validate=True)
    except ValueError:
        return b""


def type_of(octets: bytes) -> str:
    """The media type that the first octets show; text is what holds no zero, and nothing else is known."""
    for beginning, mime in _BEGINNINGS.items():
        if octets.startswith(beginning):
            return mime
    return PLAIN_TEXT if b"\x00" not in octets else ""


def _digest(octets: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(octets).digest()).decode().rstrip("=")
