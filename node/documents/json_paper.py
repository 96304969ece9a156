"""A paper in JSON: one parse for structure, rules and reading."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from node.documents.checks import are_plain, unfit, unfit_where
from node.documents.json_spots import JsonBreach, Spot, path_of, texts, walk
from node.documents.kind import Good, JsonKind
from node.documents.structure import ENOUGH
from node.errors import KindUnknown
from node.model.document import Finding
from node.model.receipt import FindingCode
from node.model.terms import NO_TERMS, Terms
from node.safe_json import Json, parse

SCHEMA = "schema"
"""The member of the root that says what a JSON document is."""


def schema_of(root: Json) -> str:
    """What the document says it is; raises KindUnknown when it does not say so."""
    schema = Spot(root).at(SCHEMA).text
    if not schema:
        raise KindUnknown(detail="a paper in JSON is an object with a member schema")
    return schema


def judged(content: bytes, root: Json, kind: JsonKind, terms: Terms, worth_a_path: int) -> Good | list[Finding]:
    """What the paper tells, or everything that is wrong with it; only the first `worth_a_path` findings get a path.

    `root` is what `parse` made of `content`, unaltered.
    """
    paper = Spot(root)
    breaches = [(FindingCode.SCHEMA, breach) for breach in kind.schema.breaches(paper)]
    breaches += [(FindingCode.RULE, breach) for breach in islice(_unfit_texts(content, root), ENOUGH)]
    breaches += [(FindingCode.RULE, breach) for breach in islice(kind.rules(paper), ENOUGH)]
    if kind.agreed is not None and terms is not NO_TERMS:
        breaches += [(FindingCode.AGREED, breach) for breach in islice(kind.agreed(paper, terms), ENOUGH)]
    unknown = list(islice(kind.codes.unknown(paper, terms.code_maps), ENOUGH)) if kind.codes is not None else []
    blamed = {breach.steps for _, breach in breaches}
    closed = [breach for name, breach in unknown if name in terms.closed_lists]
    breaches += [(FindingCode.AGREED, breach) for breach in closed if breach.steps not in blamed]
    if breaches:
        return _findings(breaches, root, kind.title, worth_a_path)
    remarks = list(islice(kind.remarks(paper, terms), ENOUGH)) if kind.remarks is not None else []
    remarks += [(FindingCode.CODE_UNKNOWN, breach) for _, breach in unknown]
    reading = kind.reading(paper)
    if kind.effect is not None:
        reading = replace(reading, effect=kind.effect(paper, terms))
    return Good(reading, tuple(_findings(remarks, root, kind.title, worth_a_path)) if remarks else ())


def paths(content: bytes, kind: JsonKind) -> Iterator[str]:
    """Where each text, number and truth value stands; of places that differ in positions alone, the first."""
    seen: set[str] = set()
    waiting: list[tuple[str, Spot]] = [("", Spot(parse(content)))]
    while waiting:
        place, spot = waiting.pop()
        value = spot.value
        if isinstance(value, dict):
            inner = [(f"{place}/{name}", Spot(one, (*spot.steps, name))) for name, one in value.items()]
            waiting += reversed([one for one in inner if one[0] not in seen])
        elif isinstance(value, list):
            waiting += reversed([(place, one) for one in spot.items()])
        elif value not in ("", None) and place not in seen:
            seen.add(place)
            yield path_of(kind.title, spot.steps)


def _unfit_texts(content: bytes, root: Json) -> Iterator[JsonBreach]:
    if (b"\\u" not in content and are_plain(content)) or not any(map(unfit, texts(root))):
        return
    for spot in walk(root):
        rule = unfit_where(spot.text)
        if rule:
            yield spot.breaks(rule)


def _findings(
    breaches: list[tuple[FindingCode, JsonBreach]], root: Json, title: str, worth_a_path: int
) -> list[Finding]:
    """Findings in document order, each said once."""
    place = {spot.steps: index for index, spot in enumerate(walk(root))}
    ordered = sorted(breaches, key=lambda one: (place.get(one[1].steps, -1), one[0] is FindingCode.RULE, one[1].rule))
    kept = dict.fromkeys((code, breach.steps, breach.rule) for code, breach in ordered)
    return [
        Finding(code, path_of(title, steps) if index < worth_a_path else "", rule)
        for index, (code, steps, rule) in enumerate(kept)
    ]
