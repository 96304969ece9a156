"""docs/data-model.md: every field of every kind and its home in the WCO Data Model 3, made from the tables."""

from collections.abc import Iterator

from node.documents.catalogue import CATALOGUE
from node.documents.data_model.answers import NAME, TITLE, answer_homes
from node.documents.data_model.homes import Home, homes
from node.documents.data_model.table import HERE, NO_HOME, SAME, wco_elements

UNECE = "urn:un:unece:uncefact:"


def page() -> str:
    """The whole page."""
    known = [f"| `{name}` | {one.identifier} | {one.format} | {one.sources} |" for name, one in wco_elements().items()]
    kinds = [
        line
        for kind in CATALOGUE.values()
        if kind.data_model is not None
        for line in _section(f"`{kind.name}` {kind.title_zh}", homes(kind), UNECE in kind.root)
    ]
    kinds += _section(f"`{NAME}` {TITLE}", answer_homes(), True)
    return (HERE / "page_head.txt").read_text(encoding="utf-8") + "\n".join([*known, *kinds]) + "\n"


def _section(title: str, all_homes: list[Home], is_uncefact: bool) -> Iterator[str]:
    """`is_uncefact`: the paper itself is the UN/CEFACT form, so its names are the counterparts."""
    yield f"\n## {title}"
    structures: dict[str, list[Home]] = {}
    for home in all_homes:
        structures.setdefault(home.place.owner, []).append(home)
    for owner, parts in structures.items():
        yield f"\n`{owner}`{_where(parts[0])}\n"
        yield "| place 欄位 | WCO DM 3 | WCO id | UN/CEFACT | code list 代碼表 |"
        yield "| --- | --- | --- | --- | --- |"
        yield from (_row(home, f"`{home.place.name}`" if is_uncefact else home.row.uncefact) for home in parts)


def _where(home: Home) -> str:
    """One path where the structure stands; an owner of JSON already is a path."""
    return "" if home.place.owner.startswith("/") else f" at `{home.place.path.rpartition('/')[0]}`"


def _row(home: Home, uncefact: str) -> str:
    row = home.row
    wco = {NO_HOME: "no WCO DM element", SAME: "as above"}.get(row.wco, f"`{row.wco}`")
    identifiers = ", ".join(home.identifiers) or "–"
    return f"| `{home.place.name}` | {wco} | {identifiers} | {uncefact} | {row.code_list} |"
