"""Judging a detached signature over a file of which only the SHA-256 is left: for evidence whose document was purged.

What the signature covers is its SignedInfo, and that holds digests. So everything can be judged but whether somebody
still has the bytes: the value over SignedInfo, the digests of the signature's own parts, and the file's digest.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Protocol

from node.crypto.algorithms import ALL_SIGNATURE_ALGORITHMS
from node.crypto.certificates import fits
from node.crypto.claimed import ClaimedSignature, judge_signer, read_form, signer_of
from node.crypto.raw_signatures import octets_signed
from node.crypto.signature_parts import DS
from node.errors import AlgorithmRefused, ReferenceRefused, SignatureForm, SignatureInvalid
from node.model.document import MediaType
from node.model.ids import Digest
from node.safe_xml import Element, canonical


class _Hash(Protocol):
    """A constructor of hashlib."""

    def __call__(self, data: bytes, /) -> "hashlib._Hash": ...


_HASHES: Mapping[str, _Hash] = {
    "http://www.w3.org/2001/04/xmlenc#sha256": hashlib.sha256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashlib.sha384,
}
"""RFC 9231 2.1, XML Encryption 1.1: the digests that protocol v1 allows."""


def names_by_sha256(name: str, media_type: MediaType, signature: bytes) -> bool:
    """Whether the signature names the file by SHA-256, the digest that stays when the file is gone."""
    form = read_form(signature, name, media_type)
    return _digests(form.key_info)[name][0] is hashlib.sha256


def verify_claimed_digest(digest: Digest, name: str, media_type: MediaType, signature: bytes) -> ClaimedSignature:
    """Judge a signature over the file with this SHA-256 as `verify_claimed` does for a file that is there.

    Raises subclasses of SignatureError.
    """
    form = read_form(signature, name, media_type)
    signer = signer_of(form, name)
    if form.algorithm not in ALL_SIGNATURE_ALGORITHMS or not fits(signer, form.algorithm):
        raise AlgorithmRefused(what=name, algorithm=form.algorithm)
    signed_info, value = _signed(form.key_info)
    octets = base64.b64decode("".join((value.text or "").split()))
    if not octets_signed(canonical(signed_info), octets, signer.public_key(), form.algorithm):
        raise SignatureInvalid(what=name)
    parts = {f"#{part.get('Id')}": canonical(part) for part in (form.signed_properties, form.key_info)}
    for uri, (hashed, named) in _digests(form.key_info).items():
        if uri != name:
            if hashed(parts[uri]).digest() != named:
                raise SignatureInvalid(what=name)
        elif hashed is not hashlib.sha256:
            raise ReferenceRefused(what=name, detail="the document is not there, and is not named by its SHA-256")
        elif named != digest:
            raise SignatureInvalid(what=name)
    return judge_signer(form, signer, name)


def _signed(key_info: Element) -> tuple[Element, Element]:
    """SignedInfo and SignatureValue; `read_form` has seen that they stand before KeyInfo."""
    holder = key_info.getparent()
    if holder is None:  # the form was just read as a child of Signature
        raise SignatureForm(what="", detail="KeyInfo stands alone")
    return holder[0], holder[1]


def _digests(key_info: Element) -> dict[str, tuple[_Hash, bytes]]:
    """What each reference names: URI to digest algorithm and value; the form admits no other algorithms."""
    found: dict[str, tuple[_Hash, bytes]] = {}
    for reference in _signed(key_info)[0].findall(DS + "Reference"):
        method, value = reference
        uri = method.get("Algorithm", "")
        if uri not in _HASHES:
            raise AlgorithmRefused(what=reference.get("URI", ""), algorithm=uri)
        found[reference.get("URI", "")] = (_HASHES[uri], base64.b64decode("".join((value.text or "").split())))
    return found
