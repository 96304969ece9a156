"""The mapping tables of the kinds, read from their small text files.

    # a comment
    [PartyType]                         the places inside this structure
    Name = Name | 3036 | Name           place = WCO DM 3 | UNTDID or UN/ECE code list | UN/CEFACT counterpart

The WCO column is a way through classes and attributes:

    Exporter                 a class of its own for each structure, or an attribute
    Commodity/Description    the attribute of a class that one structure fills together
    +Origin/CountryCode      the attribute of a class made anew for each value
    AdditionalInformation:Result/StatementDescription    a class made anew, with this word of ours as StatementCode
    RoleCode{forwarder:FW}   only these words have a code there
    ID?                      only if the place is still free
    .                        the structure is none of its own there; its parts are where it stands
    -                        no WCO DM element
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ROOT = "LPCO"
"""The class of every paper in the WCO data model: a licence, permit, certificate or other such document."""

NO_HOME = "-"
SAME = "."

_STEP = re.compile(r"(?P<fresh>\+?)(?P<name>[@A-Za-z]+)(:(?P<word>[A-Za-z]+))?")
_TARGET = re.compile(r"(?P<way>[^{?]+)(\{(?P<codes>[^}]*)\})?(?P<spare>\??)")


@dataclass(frozen=True, slots=True)
class Step:
    """One class or attribute on the way: its name, whether it is made anew, and the word that tells it from others."""

    name: str
    fresh: bool
    word: str


@dataclass(frozen=True, slots=True)
class Row:
    """Where a place has its home: the way there (empty: where its structure stands), and what counts as the same."""

    wco: str
    code_list: str
    uncefact: str
    has_home: bool
    way: tuple[Step, ...]
    codes: Mapping[str, str]
    spare: bool


@dataclass(frozen=True, slots=True)
class WcoElement:
    """What public sources give of a class or attribute: identifier, format, and which sources."""

    identifier: str
    format: str
    sources: str


@cache
def rows_of(file: Path) -> Mapping[str, Row]:
    """The rows of a table by the key of their place. Raises ValueError, with the line, for a table that is none."""
    rows: dict[str, Row] = {}
    owner = ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("["):
            owner = text[1:-1]
            continue
        name, equals, rest = (part.strip() for part in text.partition(" = "))
        key = f"/{name}" if owner == "/" else f"{owner}/{name}"
        if not equals or not owner or key in rows:
            raise ValueError(f"{file.name}:{number}: {key}")
        wco, code_list, uncefact = (*(part.strip() for part in rest.split("|")), "", "")[:3]
        rows[key] = _row(wco, code_list, uncefact, f"{file.name}:{number}")
    return rows


def _row(wco: str, code_list: str, uncefact: str, where: str) -> Row:
    if wco in (NO_HOME, SAME):
        return Row(wco, code_list, uncefact, wco == SAME, (), {}, False)
    target = _TARGET.fullmatch(wco)
    steps = [_STEP.fullmatch(step) for step in target["way"].split("/")] if target else [None]
    found = tuple(Step(s["name"], bool(s["fresh"] or s["word"]), s["word"] or "") for s in steps if s is not None)
    if target is None or len(found) != len(steps):
        raise ValueError(f"{where}: {wco}")
    pairs = [pair.partition(":") for pair in (target["codes"] or "").split(",") if pair]
    codes = {word.strip(): code.strip() for word, _, code in pairs}
    return Row(wco, code_list, uncefact, True, found, codes, bool(target["spare"]))


@cache
def wco_elements() -> Mapping[str, WcoElement]:
    """What public sources give, by `Class` or `Class/Attribute`."""
    found: dict[str, WcoElement] = {}
    for line in (HERE / "wco_elements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" = ")
            identifier, form, sources = (part.strip() for part in rest.split("|"))
            found[name] = WcoElement(identifier, form, sources)
    return found
