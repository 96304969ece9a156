"""The code lists that papers use, as small tables of our own: what each code means in both languages, and who says so.

    code_list("country").names["TW"]     # ("Taiwan / 臺灣", "Taiwan / 臺灣")

A table is a file in `codes/tables/`: three lines about the list, then code, English and 繁體中文, divided by tabs.
Lists that rules use are made from the rules' own tables. Most international lists are here in part: the codes that
papers use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from node.documents.codes import aeo, enforcement, sps

_FOLDER = Path(__file__).parent / "codes/tables"


@dataclass(frozen=True, slots=True)
class CodeList:
    """One list: its titles, its source and version, and of every code the words in English and 繁體中文."""

    name: str
    title: tuple[str, str]
    source: str
    version: str
    names: Mapping[str, tuple[str, str]]


@cache
def list_names() -> frozenset[str]:
    """The names of all lists, as arrangements write them."""
    return frozenset(file.stem for file in _FOLDER.glob("*.tsv")) | _OWN.keys()


@cache
def code_list(name: str) -> CodeList:
    """The list of that name; raises KeyError."""
    if name in _OWN:
        return _OWN[name]
    if name not in list_names():
        raise KeyError(name)
    return _read(name)


def meaning(name: str, code: str) -> tuple[str, str] | None:
    """What a code of a list means, in English and 繁體中文; None when the list does not have it."""
    return code_list(name).names.get(code)


def _read(name: str) -> CodeList:
    rows = [line.split("\t") for line in (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()]
    about = {row[0][2:]: row[1:] for row in rows if row[0].startswith("# ")}
    names = {code: (en, zh) for code, en, zh in (row for row in rows if not row[0].startswith("# "))}
    (en, zh), (source,), (version,) = about["title"], about["source"], about["version"]
    return CodeList(name, (en, zh), source, version, MappingProxyType(names))


def _of_ours(name: str, en: str, zh: str, names: Mapping[str, tuple[str, str]]) -> CodeList:
    return CodeList(name, (en, zh), "this node (no public source fixes them)", "1", names)


_OWN: Mapping[str, CodeList] = {
    one.name: one
    for one in (
        _of_ours("aeo_role", "Roles of operators", "業者類別", aeo.ROLES),
        _of_ours("aeo_reason", "Reasons of a status", "狀態事由", aeo.REASONS),
        _of_ours("aeo_removal", "Reasons of a removal", "移除事由", aeo.REMOVALS),
        _of_ours("enforcement_offence", "Offences", "違規類型", enforcement.OFFENCES),
        _of_ours("enforcement_detection", "Ways of detection", "查獲方式", enforcement.DETECTIONS),
        CodeList(
            "sps_type", ("Types of SPS certificates", "檢疫證明書類型"), "UNTDID 1001", "D23B", sps.DOCUMENT_TYPES
        ),
        CodeList(
            "sps_status",
            ("Final statuses of SPS papers", "檢疫證明書之最終狀態"),
            "UNTDID 4405",
            "D23B",
            {code: (one.en, one.zh) for code, one in sps.STATUSES.items()},
        ),
    )
}
