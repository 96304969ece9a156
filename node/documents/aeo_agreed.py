"""What arrangements agree about AEO status papers: how operators are told of, and what their codes look like."""

from collections.abc import Iterator

from node.documents.codes import aeo
from node.documents.json_spots import JsonBreach, Spot
from node.model.operator_terms import Identifier, ListMode, Use
from node.model.terms import Terms

MUST_NOT_WAIT = frozenset({"suspend", "reinstate", "revoke", "withdraw", "expire", "merge", "withdraw-consent"})
"""Events that are told at once even where lists alone were agreed."""


def agreed(root: Spot, terms: Terms) -> Iterator[JsonBreach]:
    """Where the paper breaks the terms."""
    operators = terms.operators
    if operators is None:
        return
    if operators.mode is ListMode.EVENTS and root.at("list").is_there:
        yield root.at("list").breaks("is not agreed between the two authorities")
    event = root.text_at("event")
    if operators.mode is ListMode.LISTS and event in aeo.EVENTS and event not in MUST_NOT_WAIT:
        yield root.at("event").breaks("is not agreed between the two authorities")
    identifiers = tuple(operators.of(root.text_at("authority", "country")).items())
    if not identifiers:
        return
    for record in root.at("records").items():
        for member, identifier in identifiers:
            yield from _identifier(record, member, identifier)


def _identifier(record: Spot, member: str, identifier: Identifier) -> Iterator[JsonBreach]:
    code = record.text_at(member)
    if not code:
        if identifier.use is Use.REQUIRED:
            yield record.at(member).breaks("must be given: it is agreed")
    elif identifier.use is Use.NEVER:
        yield record.at(member).breaks("must not be sent: it is not agreed")
    elif identifier.pattern is not None and identifier.pattern.fullmatch(code) is None:
        yield record.at(member).breaks("must have the agreed form")
