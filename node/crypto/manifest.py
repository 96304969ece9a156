"""The seal's manifest as XML: one writer, and a reader that accepts only what the writer writes (protocol 2).

    <Seal xmlns="urn:n2n:v1:seal" version="n2n/v1"><Purpose>papers</Purpose><Sender>XA</Sender><Recipient>XB</Recipient>
    <Created>2026-11-22T14:35:06.123Z</Created><Count>2</Count><Root>64 hex</Root><Profile id="xa-xb" version="3"/>
    </Seal>

(on one line, without XML declaration). Profile is absent when the sender names none.
"""

import re
from datetime import datetime

from node.clock import from_ms, to_ms, to_xml
from node.crypto.moments import moment_from_xml
from node.errors import ManifestRefused, XmlError
from node.model.envelope import Manifest, Purpose
from node.model.ids import Digest, NodeCode, is_node_code
from node.safe_xml import MANIFEST_LIMITS, Element, parse

NAMESPACE = "urn:n2n:v1:seal"
VERSION = "n2n/v1"

MAX_LEAVES = 64
"""A seal covers 1 to 64 papers or receipts (protocol 1, Limits)."""

_MAX_PROFILE_VERSION = 2**31 - 1
_PROFILE_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FORM = re.compile(
    rf'<Seal xmlns="{NAMESPACE}" version="{VERSION}"><Purpose>([a-z]+)</Purpose><Sender>([A-Z0-9]+)</Sender>'.encode()
    + rb"<Recipient>([A-Z0-9]+)</Recipient><Created>([0-9TZ:.-]+)</Created><Count>([1-9][0-9]{0,9})</Count>"
    rb'<Root>([0-9a-f]{64})</Root>(?:<Profile id="([a-z0-9.-]+)" version="([1-9][0-9]{0,9})"/>)?</Seal>'
)
_FIELDS = ("Purpose", "Sender", "Recipient", "Created", "Count", "Root")


def manifest_to_xml(manifest: Manifest) -> bytes:
    """The one XML form of a manifest; raises ManifestRefused when a field breaks its rule."""
    _require_sound(manifest)
    values = (
        manifest.purpose,
        manifest.sender,
        manifest.recipient,
        to_xml(manifest.created),
        str(manifest.count),
        manifest.root.hex(),
    )
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in zip(_FIELDS, values, strict=True))
    profile = f'<Profile id="{manifest.profile}" version="{manifest.profile_version}"/>' if manifest.profile else ""
    return f'<Seal xmlns="{NAMESPACE}" version="{VERSION}">{fields}{profile}</Seal>'.encode("ascii")


def manifest_from_xml(data: bytes) -> Manifest:
    """Read a manifest; raises ManifestRefused for anything that writing it again would not give byte for byte."""
    # What has the form is read without an XML engine. Everything else is refused, and the engine says in which words.
    return _in_form(data) or _by_engine(data)


def _in_form(data: bytes) -> Manifest | None:
    found = _FORM.fullmatch(data) if len(data) <= MANIFEST_LIMITS.size_bytes else None
    if found is None:
        return None
    try:
        manifest = _read_groups(*(group.decode("ascii") for group in found.groups(b"")))
        return manifest if manifest_to_xml(manifest) == data else None
    except (ManifestRefused, ValueError, OverflowError):
        return None


def _by_engine(data: bytes) -> Manifest:
    try:
        manifest = _read(parse(data, MANIFEST_LIMITS))
    except XmlError as error:
        raise ManifestRefused(detail="it is not XML of the accepted form") from error
    except (ValueError, OverflowError) as error:
        raise ManifestRefused(detail="a field cannot be read") from error
    if manifest_to_xml(manifest) != data:
        raise ManifestRefused(detail="it is not in its one form")
    return manifest


def whole_milliseconds(moment: datetime) -> datetime:
    """`moment` as the wire can carry it."""
    return from_ms(to_ms(moment))


def _read_groups(
    purpose: str, sender: str, recipient: str, created: str, count: str, tree_root: str, profile: str, version: str
) -> Manifest:
    return Manifest(
        purpose=Purpose(purpose),
        sender=NodeCode(sender),
        recipient=NodeCode(recipient),
        created=moment_from_xml(created),
        count=int(count),
        root=_digest(tree_root),
        profile=profile,
        profile_version=int(version or "0"),
    )


def _read(root: Element) -> Manifest:
    # Order, extra elements and attributes need no look here: the caller writes the result again and compares.
    texts = {child.tag: child.text or "" for child in root}
    purpose, sender, recipient, created, count, tree_root = (
        texts.get(f"{{{NAMESPACE}}}{name}", "") for name in _FIELDS
    )
    profile = root.find(f"{{{NAMESPACE}}}Profile")
    return Manifest(
        purpose=Purpose(purpose),
        sender=NodeCode(sender),
        recipient=NodeCode(recipient),
        created=moment_from_xml(created),
        count=_number(count),
        root=_digest(tree_root),
        profile="" if profile is None else profile.get("id", ""),
        profile_version=0 if profile is None else _number(profile.get("version", "")),
    )


def _require_sound(manifest: Manifest) -> None:
    """The rules of every field; what passes contains nothing that XML would have to escape."""
    if not is_node_code(manifest.sender) or not is_node_code(manifest.recipient):
        raise ManifestRefused(detail="sender or recipient is not a node code")
    if manifest.sender == manifest.recipient:
        raise ManifestRefused(detail="sender and recipient are the same")
    if not 1 <= manifest.count <= MAX_LEAVES:
        raise ManifestRefused(detail=f"the count is not 1 to {MAX_LEAVES}")
    if len(manifest.root) != 32:
        raise ManifestRefused(detail="the root is not a SHA-256")
    if manifest.profile and _PROFILE_ID.fullmatch(manifest.profile) is None:
        raise ManifestRefused(detail="the profile id has characters that are not allowed")
    if manifest.profile and not 1 <= manifest.profile_version <= _MAX_PROFILE_VERSION:
        raise ManifestRefused(detail="the profile version is out of range")
    if not manifest.profile and manifest.profile_version:
        raise ManifestRefused(detail="a profile version without a profile")


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("not a number in its one spelling")
    return int(text)


def _digest(text: str) -> Digest:
    if _DIGEST.fullmatch(text) is None:
        raise ValueError("not a digest in its one spelling")
    return Digest(bytes.fromhex(text))
