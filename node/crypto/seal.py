"""Digests and leaves of papers and receipts, and making a seal over up to 64 of them (protocol 2, 3)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from node import merkle
from node.crypto.keys import SigningKey
from node.crypto.manifest import manifest_from_xml, manifest_to_xml, whole_milliseconds
from node.crypto.trust import PartnerTrust
from node.crypto.verification import SEAL_MEDIA_TYPE, verify_place, verify_seal
from node.crypto.xades import sign_detached
from node.errors import NodeError, OwnWorkFailed
from node.model.envelope import Manifest, Place, Purpose, Seal
from node.model.ids import Digest, Leaf, NodeCode, sha256

__all__ = [
    "body_digest",
    "body_digest_by",
    "lookup_leaf",
    "make_seal",
    "manifest_from_xml",
    "manifest_to_xml",
    "paper_leaf",
    "receipt_leaf",
]


def body_digest(salt: bytes, metadata: bytes, document: bytes) -> Digest:
    """SHA-256(salt || SHA-256(metadata) || SHA-256(document)); the salt keeps guessable papers unguessable."""
    return body_digest_by(salt, metadata, sha256(document))


def body_digest_by(salt: bytes, metadata: bytes, document_sha256: Digest) -> Digest:
    """The same for a document of which only the SHA-256 is left."""
    return Digest(hashlib.sha256(salt + hashlib.sha256(metadata).digest() + document_sha256).digest())


def paper_leaf(header: bytes, digest: Digest) -> Leaf:
    """SHA-256(0x00 || SHA-256(header) || body_digest)."""
    return Leaf(merkle.leaf_hash(hashlib.sha256(header).digest() + digest))


def receipt_leaf(receipt: bytes) -> Leaf:
    """SHA-256(0x00 || receipt)."""
    return Leaf(merkle.leaf_hash(receipt))


def lookup_leaf(request: bytes, answer: bytes) -> Leaf:
    """SHA-256(0x00 || SHA-256(request) || SHA-256(answer)): an answer is an answer to this question only."""
    return Leaf(merkle.leaf_hash(hashlib.sha256(request).digest() + hashlib.sha256(answer).digest()))


def make_seal(
    leaves: Sequence[Leaf],
    purpose: Purpose,
    sender: NodeCode,
    recipient: NodeCode,
    key: SigningKey,
    moment: datetime,
    own_trust: PartnerTrust,
    profile: str = "",
    profile_version: int = 0,
) -> tuple[Seal, tuple[Place, ...]]:
    """Seal 1 to 64 leaves with one signature; the places are in the order of the leaves.

    The result has passed the inbound verifier under `own_trust`, our own certificates as a partner would hold them;
    raises OwnWorkFailed when it does not (security 2.1 X14), ManifestRefused when a field breaks its rule.
    """
    root, paths = merkle.root_and_paths(leaves)
    manifest = Manifest(
        purpose=purpose,
        sender=sender,
        recipient=recipient,
        created=whole_milliseconds(moment),
        count=len(leaves),
        root=Digest(root),
        profile=profile,
        profile_version=profile_version,
    )
    octets = manifest_to_xml(manifest)
    seal = Seal(octets, sign_detached(octets, purpose.file_name, SEAL_MEDIA_TYPE, key, moment))
    places = tuple(Place(index, path) for index, path in enumerate(paths))
    _require_own_work(seal, leaves, places, purpose, recipient, own_trust, moment)
    return seal, places


def _require_own_work(
    seal: Seal,
    leaves: Sequence[Leaf],
    places: Sequence[Place],
    purpose: Purpose,
    recipient: NodeCode,
    own_trust: PartnerTrust,
    moment: datetime,
) -> None:
    try:
        verified = verify_seal(seal, purpose=purpose, recipient=recipient, trust=own_trust, now=moment)
        for leaf, place in zip(leaves, places, strict=True):
            verify_place(verified, leaf, place)
    except NodeError as error:
        raise OwnWorkFailed(detail=error.code) from error
