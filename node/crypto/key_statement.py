"""Key statements: the keys a node announces, as XML signed by its sign key (protocol 2, Keys).

    <KeyStatement xmlns="urn:n2n:v1:keys" version="n2n/v1" node="XA" sequence="1795358106123"><Key id="16 hex"
    use="decrypt" suite="..." notBefore="2026-11-22T14:35:06.123Z" notAfter="...">Base64 of the raw key</Key>
    </KeyStatement>

(on one line, without XML declaration). Like the manifest it has one writer, and a reader of what that writes only.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from node.clock import to_ms, to_xml
from node.crypto.algorithms import Suite
from node.crypto.decryption import CHECKPOINT_SUITE, MAX_KEY_DAYS, PUBLIC_BYTES, AnnouncedKey, KeyUse, key_id
from node.crypto.keys import SigningKey
from node.crypto.moments import moment_from_xml
from node.crypto.xades import sign_detached
from node.errors import KeyStatementRefused, XmlError
from node.model.document import MediaType
from node.model.ids import NodeCode, is_node_code
from node.model.receipt import KeyStatement
from node.safe_xml import Element, XmlLimits, parse

NAMESPACE = "urn:n2n:v1:keys"
VERSION = "n2n/v1"

MAX_KEYS = 16
"""Two suites, a checkpoint key and a rotation of each need six; more is a mistake or an attack."""

STATEMENT_LIMITS = XmlLimits(size_bytes=64 << 10, nodes=MAX_KEYS + 1, depth=2, attributes=8, text_bytes=4 << 10)
"""64 KiB (envelope.proto); the largest raw key is 1216 bytes."""

_SEQUENCE = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_VALUE = r"([A-Za-z0-9+/=:.-]*)"
_KEY_TEXT = (
    f'<Key id="{_VALUE}" use="{_VALUE}" suite="{_VALUE}" notBefore="{_VALUE}" notAfter="{_VALUE}">{_VALUE}</Key>'
)
_KEY = re.compile(_KEY_TEXT)
_FORM = re.compile(
    rf'<KeyStatement xmlns="{NAMESPACE}" version="{VERSION}" node="([A-Z0-9]+)" sequence="([1-9][0-9]{{0,15}})">'
    rf"((?:{_KEY_TEXT.replace('(', '(?:')}){{1,{MAX_KEYS}}})</KeyStatement>".encode("ascii")
)
_SUITES = {KeyUse.DECRYPT: frozenset(Suite), KeyUse.CHECKPOINT: frozenset({CHECKPOINT_SUITE})}


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a key statement says, before anybody has judged who says it; `sequence` is its creation in milliseconds."""

    node: NodeCode
    sequence: int
    keys: tuple[AnnouncedKey, ...]


def make_key_statement(node: NodeCode, keys: Sequence[AnnouncedKey], moment: datetime, key: SigningKey) -> KeyStatement:
    """Announce the whole set of keys, signed; raises KeyStatementRefused when a key breaks a rule."""
    document = announcement_to_xml(Announcement(node, to_ms(moment), tuple(keys)))
    media_type = MediaType.XML
    return KeyStatement(document, sign_detached(document, media_type.file_name, media_type, key, moment))


def announcement_to_xml(announcement: Announcement) -> bytes:
    """The one XML form of an announcement; raises KeyStatementRefused when a field breaks its rule."""
    _require_sound(announcement)
    keys = "".join(
        f'<Key id="{key.id}" use="{key.use}" suite="{key.suite}" notBefore="{to_xml(key.not_before)}"'
        f' notAfter="{to_xml(key.not_after)}">{base64.b64encode(key.public).decode("ascii")}</Key>'
        for key in announcement.keys
    )
    head = f'<KeyStatement xmlns="{NAMESPACE}" version="{VERSION}" node="{announcement.node}"'
    return f'{head} sequence="{announcement.sequence}">{keys}</KeyStatement>'.encode("ascii")


def announcement_from_xml(data: bytes) -> Announcement:
    """Read an announcement; raises KeyStatementRefused for anything that writing it again would not give exactly."""
    # What has the form is read without an XML engine. Everything else is refused, and the engine says in which words.
    return _in_form(data) or _by_engine(data)


def _in_form(data: bytes) -> Announcement | None:
    found = _FORM.fullmatch(data) if len(data) <= STATEMENT_LIMITS.size_bytes else None
    if found is None:
        return None
    try:
        announcement = _read_groups(*(group.decode("ascii") for group in found.groups()))
        return announcement if announcement_to_xml(announcement) == data else None
    except (KeyStatementRefused, ValueError, OverflowError):
        return None


def _by_engine(data: bytes) -> Announcement:
    try:
        announcement = _read(parse(data, STATEMENT_LIMITS))
    except XmlError as error:
        raise KeyStatementRefused(node="?", detail="it is not XML of the accepted form") from error
    except (ValueError, OverflowError) as error:
        raise KeyStatementRefused(node="?", detail="a field cannot be read") from error
    if announcement_to_xml(announcement) != data:
        raise KeyStatementRefused(node=announcement.node, detail="it is not in its one form")
    return announcement


def _read_groups(node: str, sequence: str, keys: str) -> Announcement:
    return Announcement(NodeCode(node), int(sequence), tuple(_read_values(*key) for key in _KEY.findall(keys)))


def _read_values(identifier: str, use: str, suite: str, not_before: str, not_after: str, text: str) -> AnnouncedKey:
    return AnnouncedKey(
        id=identifier,
        use=KeyUse(use),
        suite=suite,
        public=base64.b64decode(text, validate=True),
        not_before=moment_from_xml(not_before),
        not_after=moment_from_xml(not_after),
    )


def _read(root: Element) -> Announcement:
    # Names, order and extras need no look here: the caller writes the result again and compares.
    sequence = root.get("sequence", "")
    if _SEQUENCE.fullmatch(sequence) is None:
        raise ValueError("not a sequence in its one spelling")
    return Announcement(NodeCode(root.get("node", "")), int(sequence), tuple(_read_key(child) for child in root))


def _read_key(element: Element) -> AnnouncedKey:
    identifier, use, suite, not_before, not_after = (
        element.get(name, "") for name in ("id", "use", "suite", "notBefore", "notAfter")
    )
    return _read_values(identifier, use, suite, not_before, not_after, element.text or "")


def _require_sound(announcement: Announcement) -> None:
    """The rules of every field; what passes contains nothing that XML would have to escape."""
    node, keys = announcement.node, announcement.keys
    if not is_node_code(node):
        raise KeyStatementRefused(node="?", detail="the node is not a node code")
    if not 1 <= len(keys) <= MAX_KEYS:
        raise KeyStatementRefused(node=node, detail=f"it announces {len(keys)} keys instead of 1 to {MAX_KEYS}")
    if len({key.id for key in keys}) != len(keys):
        raise KeyStatementRefused(node=node, detail="a key is announced twice")
    for key in keys:
        _require_sound_key(node, key)


def _require_sound_key(node: NodeCode, key: AnnouncedKey) -> None:
    if key.suite not in _SUITES[key.use]:
        raise KeyStatementRefused(node=node, detail="a suite that does not fit the use of its key")
    if len(key.public) != PUBLIC_BYTES[key.suite] or key.id != key_id(key.public):
        raise KeyStatementRefused(node=node, detail="a key with wrong length or id")
    if not timedelta(0) < key.not_after - key.not_before <= timedelta(days=MAX_KEY_DAYS):
        raise KeyStatementRefused(node=node, detail=f"a key whose window is not 1 moment to {MAX_KEY_DAYS} days")
