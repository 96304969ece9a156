"""Reads `[kind.terms.operators]`: how authorised operators are told of (docs/profiles.md)."""

import re
from collections.abc import Mapping

from node.model.operator_terms import IDENTIFIERS, Comparison, Identifier, ListMode, OperatorTerms, Use
from node.profiles.patterns import read_pattern
from node.strict_toml import Table

MAX_DAYS = 366
"""A list that comes more seldom is of no use at a border."""

MAX_PREFIX = 12

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_OWN_KEYS = ("mode", "baseline_every_days", "delta_every_days")


def read_operators(terms: Table) -> OperatorTerms | None:
    """How operators are told of; None where nothing stands. Raises the table's error class."""
    if not terms.has("operators"):
        return None
    table = terms.table("operators")
    found = OperatorTerms(
        mode=table.word("mode", ListMode, ListMode.LISTS_AND_EVENTS),
        baseline_days=_days(table, "baseline_every_days"),
        delta_days=_days(table, "delta_every_days"),
        identifiers={key: _country(table, key) for key in table.keys() if key not in _OWN_KEYS},  # noqa: SIM118
    )
    table.close()
    return found


def _days(table: Table, key: str) -> int | None:
    return table.integer(key, 1, MAX_DAYS) if table.has(key) else None


def _country(table: Table, key: str) -> Mapping[str, Identifier]:
    if _COUNTRY.fullmatch(key) is None:
        known = ", ".join(_OWN_KEYS)
        raise table.refusal(
            key, f"{key[:40]!r} is neither {known} nor a country (two capital letters) whose operators are meant"
        )
    country = table.table(key)
    found = {member: _identifier(country, name) for name, member in IDENTIFIERS.items() if country.has(name)}
    country.close()
    return found


def _identifier(country: Table, name: str) -> Identifier:
    table = country.table(name)
    found = Identifier(
        use=table.word("use", Use, Use.OPTIONAL),
        pattern=read_pattern(table, "pattern"),
        prefix=_prefix(table),
        comparison=table.word("compare", Comparison, Comparison.FOLDED),
    )
    table.close()
    if name == "certificate_number" and found.use is Use.NEVER:
        raise table.refusal("use", "the certificate number is always told; it names the operator")
    return found


def _prefix(table: Table) -> str:
    if not table.has("prefix"):
        return ""
    prefix = table.text("prefix", longest=MAX_PREFIX)
    if _PREFIX.fullmatch(prefix) is None:
        raise table.refusal("prefix", "prefix must be letters, digits and hyphens, as in AEOXB")
    return prefix
