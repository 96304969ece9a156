"""A profile: what was agreed with one partner under one arrangement (MRA)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from node.errors import Language
from node.model.envelope import Priority
from node.model.exchange import Assurance, Direction
from node.model.guarded import GUARDED
from node.model.ids import Digest, NodeCode
from node.model.terms import NO_TERMS, Terms

_POSITION = re.compile(r"\[\d+\]")


class IssuerSignature(StrEnum):
    """What is agreed about the signature of the authority that issued a paper (not the node's own signature)."""

    NONE = "none"
    """Papers come without one; a paper that carries one is refused, for nobody agreed whose certificates count."""
    OPTIONAL = "optional"
    """One that is there must verify."""
    REQUIRED = "required"
    """It must be there and verify."""


@dataclass(frozen=True, slots=True)
class Release:
    """Which fields of a paper may cross (minimisation, protocol 6): everything, or the listed element paths and below.

    A path is written as findings write it: `/CertificateOfOrigin/Exporter`, positions like `[3]` do not matter.
    """

    everything: bool = True
    paths: tuple[str, ...] = ()

    def admits(self, path: str) -> bool:
        """Whether the element or attribute at `path` is released."""
        plain = _POSITION.sub("", path)
        return self.everything or any(plain == one or plain.startswith(one + "/") for one in self.paths)


@dataclass(frozen=True, slots=True)
class AgreedKind:
    """One kind of paper as agreed: directions as this node sees them, how it is signed, how large it may be (bytes)."""

    name: str
    version: int
    directions: frozenset[Direction]
    assurance: Assurance
    priority: Priority
    issuer_signature: IssuerSignature
    max_bytes: int
    release: Release = Release()
    terms: Terms = NO_TERMS
    max_upload_bytes: int = 100 * 1024 * 1024
    """The largest attachment, in bytes."""
    where: str = field(default="", compare=False)

    @property
    def switched_on(self) -> bool:
        """Whether papers may travel at all: a guarded kind needs terms of its own, being listed is not enough."""
        return self.name not in GUARDED or self.terms.enforcement is not None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a paper is tried: waits grow from `first_s` by `factor` to `max_s` seconds; parked after `give_up_h`.

    `expires_after_h` fixes `expires_at` of the header: hours after `created_at`, 30 days at most (protocol 2).
    """

    first_s: float
    factor: float
    max_s: float
    give_up_h: float
    expires_after_h: float


@dataclass(frozen=True, slots=True)
class Profile:
    """One arrangement with one partner, one TOML file, versioned; valid from `valid_from` until before `valid_until`.

    `digest` is the SHA-256 of the exact file bytes: evidence names the text that was in force.
    """

    id: str
    version: int
    partner: NodeCode
    title: Mapping[Language, str]
    legal_basis: Mapping[Language, str]
    valid_from: datetime
    valid_until: datetime
    suspended: bool
    kinds: tuple[AgreedKind, ...]
    retry: RetryPolicy
    digest: Digest
    where: str = field(default="", compare=False)

    def in_force(self, now: datetime) -> bool:
        """Whether papers may travel under it at `now`: inside its validity and not suspended."""
        return not self.suspended and self.valid_from <= now < self.valid_until

    def overlaps(self, other: "Profile") -> bool:
        """Whether there is a moment at which both are valid."""
        return self.valid_from < other.valid_until and other.valid_from < self.valid_until
