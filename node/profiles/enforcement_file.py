"""Reads `[kind.terms.enforcement]`, which turns enforcement information on (docs/profiles.md)."""

from node.model.enforcement_terms import EnforcementTerms
from node.model.guarded import ENFORCEMENT
from node.strict_toml import Table

MAX_DAYS = 3650
"""Ten years: longer is no retention date but an archive."""

MAX_HOURS = 30 * 24
"""A paper that nobody releases within a month is not wanted."""


def read_enforcement(terms: Table, kind_name: str) -> EnforcementTerms | None:
    """What turns enforcement information on; None when nothing does. Raises the table's error class."""
    if not terms.has("enforcement"):
        return None
    if kind_name != ENFORCEMENT:
        raise terms.refusal("enforcement", f"only {ENFORCEMENT} has terms of enforcement; remove the table")
    table = terms.table("enforcement")
    found = EnforcementTerms(
        purposes=frozenset(_some(table, "purposes")),
        legal_bases=frozenset(_some(table, "legal_bases")),
        max_retention_days=table.integer("max_retention_days", 1, MAX_DAYS),
        nominal=table.flag("nominal", False),
        release_within_h=table.number("release_within_h", 0.01, MAX_HOURS, 72),
    )
    table.close()
    return found


def _some(table: Table, key: str) -> tuple[str, ...]:
    words = table.texts(key)
    if not words:
        raise table.refusal(key, f"{key} is empty; name at least one, or remove the table to turn the kind off")
    return words
