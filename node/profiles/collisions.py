"""What must mean exactly one thing across all partners and profiles: certificates, keys, (partner, kind, direction)."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from node.crypto.keys import Role
from node.crypto.trust import public_key_info
from node.errors import ProfilesCollide
from node.model.exchange import Direction
from node.model.ids import sha256
from node.profiles.partner import Partner
from node.profiles.profile import AgreedKind, Profile

ISSUER = "issuer"
"""Authorities that sign papers themselves: several partners may share one, but its key never speaks for a node."""


def require_distinct_keys(partners: Sequence[Partner]) -> None:
    """Refuse a key or certificate in two roles or two partners (security 2.1 X4, 2.2 C5); raises ProfilesCollide.

    A renewed certificate with the same key in the same role is fine.
    """
    owners: dict[bytes, tuple[str, str]] = {}
    for partner in partners:
        for role, key in _keys(partner):
            owner = ("" if role == ISSUER else partner.code, role)
            first = owners.setdefault(key, owner)
            if first != owner:
                raise ProfilesCollide(
                    what=f"The public key with SHA-256 {sha256(key).hex()[:16]}…",
                    first=" ".join(first).strip(),
                    second=f"{partner.code} {role}",
                )


def require_one_profile(profiles: Sequence[Profile]) -> None:
    """Refuse two profiles for one (partner, kind, direction) at one moment (protocol 6); raises ProfilesCollide.

    A suspended profile counts: resuming it must not be what creates the collision.
    """
    agreed = [(profile, kind) for profile in profiles for kind in profile.kinds]
    for (one, kind), (other, twin) in combinations(agreed, 2):
        if one.partner != other.partner or kind.name != twin.name or not one.overlaps(other):
            continue
        shared = kind.directions & twin.directions
        # Within one arrangement several versions may arrive, while what leaves has exactly one.
        if one is other and kind.version != twin.version:
            shared &= {Direction.OUT}
        if shared:
            raise ProfilesCollide(what=_agreement(one, kind, shared), first=kind.where, second=twin.where)


def _keys(partner: Partner) -> Iterator[tuple[str, bytes]]:
    for key in partner.tls_public_keys:
        yield Role.TLS, key
    for role in (Role.SIGN, Role.RECEIPT):
        for certificate in partner.trust.certificates_for(role):
            yield role, public_key_info(certificate)
    for certificate in partner.trust.issuers:
        yield ISSUER, public_key_info(certificate)


def _agreement(profile: Profile, kind: AgreedKind, directions: frozenset[Direction]) -> str:
    return f"{kind.name} {'/'.join(sorted(directions))} with {profile.partner}"
