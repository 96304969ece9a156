"""docs/data-model.md: every field of every kind and its home in the WCO Data Model 3, made from the tables."""

from collections.abc import Iterator

from node.documents.catalogue import CATALOGUE
from node.documents.data_model.homes import Home, homes
from node.documents.data_model.table import HERE, NO_HOME, SAME, wco_elements
from node.documents.kind import Kind


def page() -> str:
    """The whole page."""
    known = [f"| `{name}` | {one.identifier} | {one.format} | {one.sources} |" for name, one in wco_elements().items()]
    kinds = [line for kind in CATALOGUE.values() if kind.data_model is not None for line in _kind(kind)]
    return (HERE / "page_head.txt").read_text(encoding="utf-8") + "\n".join([*known, *kinds]) + "\n"


def _kind(kind: Kind) -> Iterator[str]:
    yield f"\n## `{kind.name}` {kind.title_zh}"
    owner = ""
    for home in homes(kind):
        if home.place.owner != owner:
            owner = home.place.owner
            yield f"\n`{owner}`{_where(home)}\n"
            yield "| place 欄位 | WCO DM 3 | WCO id | UN/CEFACT | code list 代碼表 |"
            yield "| --- | --- | --- | --- | --- |"
        yield _row(home)


def _where(home: Home) -> str:
    """One path where the structure stands; an owner of JSON already is a path."""
    return "" if home.place.owner.startswith("/") else f" at `{home.place.path.rpartition('/')[0]}`"


def _row(home: Home) -> str:
    row = home.row
    wco = {NO_HOME: "no WCO DM element", SAME: "as above"}.get(row.wco, f"`{row.wco}`")
    identifiers = ", ".join(home.identifiers) or "–"
    return f"| `{home.place.name}` | {wco} | {identifiers} | {row.uncefact} | {row.code_list} |"
