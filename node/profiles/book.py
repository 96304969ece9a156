"""The book: all partners and profiles of a node, and who may exchange what with whom right now."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from node.errors import ArrangementSuspended, CallerUnknown, NotAgreed, PartnerUnknown, ProfileInvalid
from node.model.exchange import Direction
from node.model.ids import NodeCode, is_node_code
from node.profiles.collisions import require_distinct_keys, require_one_profile
from node.profiles.partner import Partner
from node.profiles.partner_file import PARTNER_FILE, read_partner
from node.profiles.profile import AgreedKind, Profile
from node.profiles.profile_file import read_profile


class Book:
    """Answers from frozen partners and profiles; `load_book` makes one and has refused whatever collides."""

    def __init__(self, partners: Sequence[Partner], profiles: Sequence[Profile]) -> None:
        self.partners: tuple[Partner, ...] = tuple(sorted(partners, key=lambda partner: partner.code))
        self.profiles: tuple[Profile, ...] = tuple(sorted(profiles, key=lambda profile: (profile.partner, profile.id)))
        self._by_code = {partner.code: partner for partner in self.partners}
        self._by_fingerprint = {print_: partner for partner in self.partners for print_ in partner.tls_fingerprints}

    def partner(self, code: NodeCode) -> Partner:
        """The partner of that code; raises PartnerUnknown."""
        try:
            return self._by_code[code]
        except KeyError:
            raise PartnerUnknown(partner=code) from None

    def by_fingerprint(self, fingerprint: str) -> Partner:
        """Whose TLS certificate has this SHA-256 (lower-case hex of the DER); raises CallerUnknown (protocol 6)."""
        try:
            return self._by_fingerprint[fingerprint]
        except KeyError:
            raise CallerUnknown(fingerprint=fingerprint) from None

    def profile(self, partner: NodeCode, arrangement: str) -> Profile | None:
        """The profile of that arrangement with that partner, in force or not."""
        return next((one for one in self.profiles_of(partner) if one.id == arrangement), None)

    def profiles_of(self, partner: NodeCode) -> tuple[Profile, ...]:
        """All profiles with a partner, by id; raises PartnerUnknown."""
        self.partner(partner)
        return tuple(profile for profile in self.profiles if profile.partner == partner)

    def outbound(self, partner: NodeCode, kind: str, now: datetime) -> tuple[Profile, AgreedKind]:
        """Under which profile, and how, a paper of `kind` may be sent at `now`.

        Raises PartnerUnknown, NotAgreed (never agreed) or ArrangementSuspended (agreed, but not at this moment).
        """
        return self._agreed(partner, kind, None, Direction.OUT, now)

    def agreement(self, partner: NodeCode, kind: str, now: datetime) -> tuple[Profile, AgreedKind]:
        """Under which profile a paper of `kind` will be sent: the one in force, else one that may be again.

        A suspended arrangement still takes papers in; they wait. Raises PartnerUnknown, NotAgreed, or
        ArrangementSuspended when every arrangement for the kind is outside its validity.
        """
        candidates = list(self._candidates(partner, kind, None, Direction.OUT))
        for profile, one in candidates:
            if profile.suspended and profile.valid_from <= now < profile.valid_until:
                return profile, one
        return self.outbound(partner, kind, now)

    def inbound(self, partner: NodeCode, kind: str, version: int, now: datetime) -> tuple[Profile, AgreedKind]:
        """Under which profile, and how, a paper of `kind` and `version` may arrive at `now`; raises as `outbound`."""
        return self._agreed(partner, kind, version, Direction.IN, now)

    def served(self, partner: NodeCode, now: datetime) -> tuple[AgreedKind, ...]:
        """The kinds in force with a partner at `now`, by name and version: what Describe tells it."""
        kinds = (
            kind
            for profile in self.profiles_of(partner)
            if profile.in_force(now)
            for kind in profile.kinds
            if kind.switched_on
        )
        return tuple(sorted(kinds, key=lambda kind: (kind.name, kind.version)))

    def require_known_kinds(self, known: Collection[tuple[str, int]]) -> None:
        """Refuse a profile that names a kind or version outside `known` (the catalogue's); raises ProfileInvalid."""
        for kind in (kind for profile in self.profiles for kind in profile.kinds):
            if (kind.name, kind.version) not in known:
                choices = ", ".join(f"{name} {version}" for name, version in sorted(known))
                raise ProfileInvalid(
                    where=kind.where,
                    detail=f"kind {kind.name!r} version {kind.version} does not exist; there are {choices}",
                )

    def require_known_lists(self, known: Collection[str]) -> None:
        """Refuse terms that close or map a code list outside `known`: they would do nothing; raises ProfileInvalid."""
        for kind in (kind for profile in self.profiles for kind in profile.kinds):
            for name in sorted((kind.terms.closed_lists | kind.terms.code_maps.keys()) - set(known)):
                choices = ", ".join(sorted(known))
                raise ProfileInvalid(
                    where=kind.where, detail=f"the code list {name!r} does not exist; there are {choices}"
                )

    def _agreed(
        self, partner: NodeCode, kind: str, version: int | None, direction: Direction, now: datetime
    ) -> tuple[Profile, AgreedKind]:
        agreed = list(self._candidates(partner, kind, version, direction))
        for profile, one in agreed:
            if profile.in_force(now):
                return profile, one
        if agreed:
            raise ArrangementSuspended(arrangement=agreed[-1][0].id, partner=partner)
        named = kind if version is None else f"{kind} {version}"
        raise NotAgreed(partner=partner, kind=named, direction=direction)

    def _candidates(
        self, partner: NodeCode, kind: str, version: int | None, direction: Direction
    ) -> Iterator[tuple[Profile, AgreedKind]]:
        for profile in self.profiles_of(partner):
            for one in profile.kinds:
                if (
                    one.name == kind
                    and direction in one.directions
                    and version in (None, one.version)
                    and one.switched_on
                ):
                    yield profile, one


def load_book(folder: Path, home: Path, own_code: NodeCode | None = None) -> Book:
    """The book of `folder`: one folder per partner, in it `partner.toml` and one file per arrangement.

    Certificate files are named relative to the node home; `own_code` is refused as a partner. Raises ProfileInvalid
    (with file and line) or ProfilesCollide.
    """
    label = _label(folder, home)
    try:
        places = sorted(place for place in folder.iterdir() if place.is_dir() and not place.name.startswith("."))
    except OSError as error:
        raise ProfileInvalid(
            where=label, detail="the folder cannot be read; create it, one folder per partner"
        ) from error
    partners: list[Partner] = []
    profiles: list[Profile] = []
    for place in places:
        if not is_node_code(place.name):
            raise ProfileInvalid(where=f"{label}/{place.name[:40]}", detail="the folder's name is not a node code")
        if place.name == own_code:
            raise ProfileInvalid(
                where=f"{label}/{place.name}", detail="a node is not its own partner; remove this folder"
            )
        partner = read_partner(place / PARTNER_FILE, f"{label}/{place.name}/{PARTNER_FILE}", home)
        partners.append(partner)
        profiles.extend(
            read_profile(file, f"{label}/{place.name}/{file.name}", partner.code)
            for file in sorted(place.glob("*.toml"))
            if file.name != PARTNER_FILE
        )
    require_distinct_keys(partners)
    require_one_profile(profiles)
    return Book(partners, profiles)


def _label(folder: Path, home: Path) -> str:
    """How refusals call the folder: relative to the home where possible."""
    try:
        return folder.relative_to(home).as_posix()
    except ValueError:
        return folder.name
