"""Reads `[kind.terms]`: what an arrangement says about papers of one kind (docs/profiles.md)."""

import re
from collections.abc import Mapping

from node.model.answer import AnswerForm
from node.model.terms import NO_TERMS, Terms, Tolerance
from node.profiles.enforcement_file import read_enforcement
from node.profiles.operators_file import read_operators
from node.profiles.origin_terms_file import read_origin
from node.profiles.retention_file import read_retention
from node.strict_toml import Table

_LIST = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)

MAX_CODES = 500
"""Codes that one list maps: the longest of ours has a few dozen."""

MAX_CODE_CHARACTERS = 35
"""WCO Data Model: the longest coded value."""


def read_terms(kind: Table, kind_name: str) -> Terms:
    """The terms that stand under a kind; the kind's own rules alone when none do. Raises the table's error class."""
    if not kind.has("terms"):
        return NO_TERMS
    table = kind.table("terms")
    terms = Terms(
        tolerance=table.word("tolerance", Tolerance, Tolerance.STRICT),
        closed_lists=frozenset(_list_names(table)),
        code_maps=_code_maps(table),
        answer=_answer(table, kind_name),
        retention=read_retention(table),
        enforcement=read_enforcement(table, kind_name),
        origin=read_origin(table, kind_name),
        operators=read_operators(table),
    )
    table.close()
    return terms


def _answer(table: Table, kind_name: str) -> AnswerForm:
    form = table.word("answer", AnswerForm, AnswerForm.BUSINESS_ANSWER)
    if not form.answers(kind_name):
        raise table.refusal("answer", f"{kind_name} is not answered by {form}; leave the key out")
    return form


def _list_names(table: Table) -> tuple[str, ...]:
    names = table.texts("closed_lists", ())
    for name in names:
        _require_list_name(table, "closed_lists", name)
    return names


def _code_maps(table: Table) -> Mapping[str, Mapping[str, str]]:
    if not table.has("code_maps"):
        return {}
    maps = table.table("code_maps")
    found = {name: _codes(maps, name) for name in maps.keys()}  # noqa: SIM118 (a Table is no mapping)
    maps.close()
    return found


def _codes(maps: Table, name: str) -> Mapping[str, str]:
    _require_list_name(maps, name, name)
    codes = maps.table(name)
    keys = codes.keys()
    if len(keys) > MAX_CODES:
        raise maps.refusal(name, f"{name} maps more than {MAX_CODES} codes")
    found = {ours: codes.text(ours, longest=MAX_CODE_CHARACTERS) for ours in keys}
    codes.close()
    if len(set(found.values())) < len(found):
        raise maps.refusal(name, f"{name} maps two of our codes to one of theirs; nobody could read it back")
    return found


def _require_list_name(table: Table, key: str, name: str) -> None:
    if _LIST.fullmatch(name) is None:
        raise table.refusal(key, f"{name[:80]!r} is no code list; see `n2n codes`")
