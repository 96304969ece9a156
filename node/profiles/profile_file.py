"""Reads `<arrangement>.toml`: one arrangement with one partner (docs/profiles.md)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

from node.errors import ProfileInvalid
from node.model.envelope import Priority
from node.model.exchange import Assurance, Direction
from node.model.ids import NodeCode, sha256
from node.profiles.profile import AgreedKind, IssuerSignature, Profile, Release, RetryPolicy
from node.profiles.terms_file import read_terms
from node.strict_toml import Table, parse, read_bytes

SCHEMA = 1
"""The one layout of an arrangement file that this version reads."""

MAX_VERSION = 1_000_000
"""Versions count up by one; this bound only keeps them small numbers."""

MAX_DOCUMENT_BYTES = 100 * 1024 * 1024
"""More than the protocol's inline document of 1 MiB, which bounds it first."""

MAX_UPLOAD_BYTES = 100 * 1024 * 1024
"""Protocol 1: the largest content that travels by Upload."""

DEFAULT_DOCUMENT_BYTES = 1024 * 1024
MAX_LIFE_H = 30 * 24
"""Protocol 2: expires_at is at most 30 days after created_at."""

YEARS = range(2000, 2200)
"""Dates outside are slips of the pen."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_PATH = re.compile(r"(/@?[^\W\d][\w.-]*)+")


class _Way(StrEnum):
    """Directions as a file writes them, seen from the node that reads it."""

    OUT = "out"
    IN = "in"
    BOTH = "both"

    @property
    def directions(self) -> frozenset[Direction]:
        return frozenset(Direction) if self is _Way.BOTH else frozenset({Direction(self.value)})


class _Lane(StrEnum):
    """Priorities as a file writes them."""

    A = "A"
    B = "B"
    C = "C"


def read_profile(path: Path, name: str, partner: NodeCode) -> Profile:
    """The arrangement that the file `path` describes; raises ProfileInvalid with `name` and the line."""
    content = read_bytes(path, name, ProfileInvalid)
    root = parse(content, name, ProfileInvalid)
    root.integer("schema", SCHEMA, SCHEMA)
    valid_from, valid_until = _validity(root)
    profile = Profile(
        id=_id(root, path.stem),
        version=root.integer("version", 1, MAX_VERSION),
        partner=partner,
        title=root.names("title"),
        legal_basis=root.names("legal_basis"),
        valid_from=valid_from,
        valid_until=valid_until,
        suspended=root.flag("suspended", False),
        kinds=tuple(_kind(table) for table in root.tables("kind")),
        retry=_retry(root.table("retry", optional=True)),
        digest=sha256(content),
        where=root.where("id"),
    )
    root.close()
    return profile


def _id(root: Table, stem: str) -> str:
    identifier = root.text("id", longest=64)
    if _ID.fullmatch(identifier) is None:
        raise root.refusal("id", "id must be small letters, digits and single hyphens, as in xa-xb-trade-papers")
    if identifier != stem:
        raise root.refusal("id", f"id must equal the file's name without .toml ({stem[:64]!r}); rename one of them")
    return identifier


def _validity(root: Table) -> tuple[datetime, datetime]:
    """First moment, and first moment after: both days belong to the arrangement, counted in UTC."""
    first, last = (_day(root, key) for key in ("valid_from", "valid_until"))
    if last < first:
        raise root.refusal("valid_until", "valid_until lies before valid_from; correct one of the two dates")
    return _midnight(first), _midnight(last + timedelta(days=1))


def _day(root: Table, key: str) -> date:
    day = root.day(key)
    if day.year not in YEARS:
        raise root.refusal(key, f"the year of {key} must lie between {YEARS.start} and {YEARS.stop - 1}")
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _kind(table: Table) -> AgreedKind:
    name = table.text("name", longest=64)
    if _KIND.fullmatch(name) is None:
        raise table.refusal(
            "name", "name must be a kind of the catalogue, as in certificate_of_origin; see `n2n kinds`"
        )
    kind = AgreedKind(
        name=name,
        version=table.integer("version", 1, MAX_VERSION),
        directions=table.word("direction", _Way).directions,
        assurance=table.word("assurance", Assurance, Assurance.DOCUMENT),
        priority=Priority[table.word("priority", _Lane, _Lane.B)],
        issuer_signature=table.word("issuer_signature", IssuerSignature, IssuerSignature.NONE),
        max_bytes=table.integer("max_bytes", 1, MAX_DOCUMENT_BYTES, DEFAULT_DOCUMENT_BYTES),
        release=_release(table),
        max_upload_bytes=table.integer("max_upload_bytes", 0, MAX_UPLOAD_BYTES, MAX_UPLOAD_BYTES),
        terms=read_terms(table, name),
        where=table.where("name"),
    )
    table.close()
    return kind


def _release(table: Table) -> Release:
    paths = table.texts_unless("release", "all")
    for path in paths or ():
        if _PATH.fullmatch(path) is None:
            raise table.refusal(
                "release", f'{path[:80]!r} is no path; write as in /CertificateOfOrigin/Exporter, or "all"'
            )
    return Release(everything=paths is None, paths=paths or ())


def _retry(table: Table) -> RetryPolicy:
    policy = RetryPolicy(
        first_s=table.number("first_s", 0.01, 3600, 5),
        factor=table.number("factor", 1, 10, 2),
        max_s=table.number("max_s", 0.01, 86_400, 900),
        give_up_h=table.number("give_up_h", 0.001, MAX_LIFE_H, 48),
        expires_after_h=table.number("expires_after_h", 0.001, MAX_LIFE_H, 168),
    )
    if policy.max_s < policy.first_s:
        raise table.refusal("max_s", "max_s must not be smaller than first_s")
    if policy.give_up_h > policy.expires_after_h:
        raise table.refusal("give_up_h", "give_up_h must not be longer than expires_after_h")
    table.close()
    return policy
