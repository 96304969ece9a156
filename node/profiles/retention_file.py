"""Reads `[kind.terms.retention]`: how long bodies of one kind are kept (docs/profiles.md)."""

from node.model.retention_terms import RetentionTerms
from node.strict_toml import Table

MAX_DAYS = 36_500
"""A hundred years: as long as the node's own retention may be."""


def read_retention(terms: Table) -> RetentionTerms | None:
    """How long bodies are kept; None when the arrangement leaves it to the node. Raises the table's error class."""
    if not terms.has("retention"):
        return None
    table = terms.table("retention")
    found = RetentionTerms(_days(table, "days_after_end"), _days(table, "days_after_valid_until"))
    table.close()
    if found == RetentionTerms():
        raise terms.refusal("retention", "retention says nothing; give days_after_end, days_after_valid_until, or both")
    return found


def _days(table: Table, key: str) -> int | None:
    return table.integer(key, 1, MAX_DAYS) if table.has(key) else None
