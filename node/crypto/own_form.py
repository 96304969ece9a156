"""Our own detached form as bytes: one writer, and a reader of exactly what that writes (protocol 2, signature).

Everything in a signature of ours follows from the file, its name and type, the algorithm, the certificate, the signing
time and the signature value. So it is written from a template, its signed parts directly as Canonical XML 1.0; and a
signature is ours when writing it again from those values gives the same bytes. Then digests, references and coverage
are as they must be, because they were computed here, and only the value is left to be checked.

The reader never refuses: what it does not know is left to the reader of the general form, which stays the judge.
docs/signature-fast-path.md says what is guaranteed.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from signxml.algorithms import DigestAlgorithm

from node.crypto.algorithms import SignatureAlgorithm, by_uri
from node.crypto.moments import moment_from_datetime
from node.crypto.own_template import CANONICAL_KEY_INFO, CANONICAL_PROPERTIES, CANONICAL_SIGNED_INFO, HEAD, TAIL
from node.crypto.raw_signatures import octets_signed
from node.crypto.signature_parts import MAX_CERTIFICATE_BYTES
from node.errors import Unexpected
from node.safe_xml import SIGNATURE_LIMITS

_NAME = re.compile(r"[A-Za-z0-9._+/-]{1,128}", re.ASCII)
"""File names and media types that are the same in XML, in a URI and in every canonical form."""

# --- the writer -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """A signature of ours without its value; `signed_info` is what is signed, canonical."""

    signed_info: bytes
    head: str
    tail: str

    def signed(self, value: bytes) -> bytes:
        """The signature as XML bytes."""
        return (self.head + _base64(value) + self.tail).encode("ascii")


def draft(
    content: bytes, file_name: str, media_type: str, algorithm: SignatureAlgorithm, certificate: bytes, moment: datetime
) -> Draft:
    """The signature over `content` that the owner of `certificate` (DER) is to give its value.

    `moment` becomes SigningTime (whole seconds, UTC). Raises Unexpected for a name or type that would need escaping.
    """
    if not _is_plain(file_name) or not _is_plain(media_type):
        raise Unexpected(detail="a file name or media type with characters that a signature does not name")
    frame = _frame(file_name, media_type, algorithm, certificate)
    time = moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    digests = _digest(content, algorithm), _digest((frame.properties % time).encode("ascii"), algorithm)
    return Draft((frame.signed_info % digests).encode("ascii"), frame.head % digests, frame.tail % time)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What signatures of one owner over files of one name share; %s stands where the time and two digests go."""

    properties: str
    signed_info: str
    head: str
    tail: str


@lru_cache(maxsize=128)
def _frame(file_name: str, media_type: str, algorithm: SignatureAlgorithm, certificate: bytes) -> _Frame:
    text = _base64(certificate)
    lines = "".join(f"{text[at : at + 64]}\n" for at in range(0, len(text), 64))
    key_info = CANONICAL_KEY_INFO.format(certificate=lines).encode("ascii")
    values = {
        "file_name": file_name,
        "media_type": media_type,
        "method": algorithm.uri,
        "digest": algorithm.digest.value,
        "certificate": lines,
        "certificate_digest": _digest(certificate, algorithm),
        "key_info_digest": _digest(key_info, algorithm),
        **dict.fromkeys(("time", "file_digest", "properties_digest"), "%s"),
    }
    return _Frame(*(each.format_map(values) for each in (CANONICAL_PROPERTIES, CANONICAL_SIGNED_INFO, HEAD, TAIL)))


def _is_plain(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _digest(octets: bytes, algorithm: SignatureAlgorithm) -> str:
    hashed = hashlib.sha384 if algorithm.digest is DigestAlgorithm.SHA384 else hashlib.sha256
    return _base64(hashed(octets).digest())


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


# --- the reader -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnForm:
    """A signature that is byte for byte what the writer makes for this file; only its value has not been judged.

    `certificate` is DER.
    """

    algorithm: SignatureAlgorithm
    certificate: bytes
    signing_time: datetime
    signed_info: bytes
    value: bytes

    def holds_under(self, certificate: x509.Certificate) -> bool:
        """Whether the value is one by the key of `certificate`, which is the one that the signature names."""
        return octets_signed(self.signed_info, self.value, certificate.public_key(), self.algorithm)


_BASE64, _URI = r"[A-Za-z0-9+/]+=*", r"[!#-%'-;=?-~]+"
_VARIABLE = {
    "method": f"({_URI})",
    "value": f"({_BASE64})",
    "certificate": r"((?:[A-Za-z0-9+/]+=*\n)+)",
    "time": r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)",
    "file_name": _URI,
    "media_type": _URI,
    "digest": _URI,
    **dict.fromkeys(("file_digest", "properties_digest", "key_info_digest", "certificate_digest"), _BASE64),
}
# No variable part can hold the character that follows it, so there is one way to read, and it is linear.
_READER = re.compile(
    re.sub(r"\\{(\w+)\\}", lambda name: _VARIABLE[name[1]], re.escape(f"{HEAD}{{value}}{TAIL}")).encode("ascii")
)

# signxml parses every file that it can and then refuses some: a DTD, and what it takes for signed properties. A file
# that begins with the tag of its root, in UTF-8, has no DTD; one that begins with a brace or bracket is no XML at all.
_BEGINNING = re.compile(
    rb"(?:<\?xml version=\"1\.0\"(?: encoding=\"(?:UTF-8|utf-8)\")?(?: standalone=\"(?:yes|no)\")?\?>)?"
    rb"[ \t\r\n]{0,64}<[A-Za-z_]|[ \t\r\n]{0,64}[{\[]"
)


def read_own_form(content: bytes, file_name: str, media_type: str, signature: bytes) -> OwnForm | None:
    """The signature over `content`, when it is exactly what the writer makes; None for everything else."""
    if not _is_plain(file_name) or not _is_plain(media_type):
        return None
    if len(signature) > SIGNATURE_LIMITS.size_bytes or _BEGINNING.match(content) is None:
        return None
    if b"SignedProperties" in content:
        return None
    said = _READER.fullmatch(signature)
    return None if said is None else _again(content, file_name, media_type, signature, said)


def _again(
    content: bytes, file_name: str, media_type: str, signature: bytes, said: "re.Match[bytes]"
) -> OwnForm | None:
    """Write the signature again from its four variable values and compare."""
    method, value, certificate, time = said.groups()
    algorithm = by_uri(method.decode("ascii"))
    try:
        der, octets = base64.b64decode(certificate), base64.b64decode(value, validate=True)
        signing_time = moment_from_datetime(time.decode("ascii"))
    except (binascii.Error, ValueError):
        return None
    if algorithm is None or not 0 < len(der) <= MAX_CERTIFICATE_BYTES:
        return None
    again = draft(content, file_name, media_type, algorithm, der, signing_time)
    if again.signed(octets) != signature:
        return None
    return OwnForm(algorithm, der, signing_time, again.signed_info, octets)
