"""A partner: who it is, how it is reached, and which keys speak for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from node.crypto.trust import PartnerTrust
from node.errors import Language
from node.model.ids import NodeCode
from node.model.receipt import KeyStatement


class ChannelKind(StrEnum):
    """Words for the transports that a partner may be reached by."""

    GRPC = "grpc"
    PULL = "pull"
    """It cannot be called: papers wait until it collects them."""


@dataclass(frozen=True, slots=True)
class Channel:
    """How a partner is called: transport word, `host:port`, the name in its TLS certificate, seconds per call.

    With `collect` we take home what waits for us there. One that cannot be called has neither address nor name.
    """

    kind: ChannelKind
    address: str
    server_name: str
    deadline_s: float
    collect: bool = False


class ContactRole(StrEnum):
    """What a contact is asked about."""

    LIAISON = "liaison"
    TECHNICAL = "technical"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class Contact:
    """An office, not a person, at the partner's side."""

    role: ContactRole
    name: Mapping[Language, str]
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """A foreign single window or customs node; data, not code (architecture 1, protocol 6).

    `tls_fingerprints` are SHA-256 of DER in lower-case hex: who calls with one of these certificates is this partner;
    `tls_public_keys` are their SubjectPublicKeyInfos, for telling that no two roles or partners share a key.
    `tls_roots` are the CA certificates (PEM) that our TLS accepts for its connections, in both roles.
    `key_statement` is the first one, agreed out of band; later ones arrive as control papers.
    """

    code: NodeCode
    name: Mapping[Language, str]
    channel: Channel
    trust: PartnerTrust
    tls_fingerprints: frozenset[str]
    tls_roots: bytes
    key_statement: KeyStatement | None = None
    contacts: tuple[Contact, ...] = ()
    tls_public_keys: frozenset[bytes] = field(default=frozenset(), repr=False)
