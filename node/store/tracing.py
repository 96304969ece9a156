"""Everything that hangs together: a consignment, certificate or message, and every exchange that belongs to it."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from node.model.certificate import Filed
from node.model.exchange import Direction, Exchange
from node.model.ids import ExchangeId, NodeCode
from node.store import answers, certificate_register, exchanges, traced_uses, ucrs
from node.store.database import Tx

MAX_TRACED = 1_000
"""Exchanges in one trace: a consignment has a few dozen papers; more means that a reference was used for everything."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Traced:
    """One exchange of a trace, and the consignments that its paper names (normalised)."""

    exchange: Exchange
    ucrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What hangs together, oldest first; `complete` unless there was more than one trace shows."""

    exchanges: tuple[Traced, ...]
    complete: bool


def trace(
    tx: Tx, what: str, partners: Collection[NodeCode], may_see: Callable[[str], bool] = lambda kind: True
) -> Trace:
    """What hangs together with `what`: a UCR, a number, an exchange's id, or a message's id at one of `partners`.

    From there it goes along chains, uses, shared UCRs and answers. `may_see` says of which kinds the asker may know;
    nothing is found by way of another kind, except answers to what may be seen.
    """
    found: dict[ExchangeId, Exchange] = {}
    fresh = _named(tx, what, partners)
    while fresh and len(found) <= MAX_TRACED:
        loaded = exchanges.load(tx, sorted(fresh)[: MAX_TRACED + 1])
        seen = {key: one for key, one in loaded.items() if may_see(one.kind)}
        found |= seen
        fresh = _beside(tx, seen) - found.keys() if seen else set()
    carriers = _carriers(tx, found) - found.keys()
    found |= exchanges.load(tx, carriers)
    named = ucrs.named_by(tx, list(found))
    oldest_first = sorted(found.values(), key=lambda one: (one.created_at, one.id))
    traced = tuple(Traced(one, named.get(one.id, ())) for one in oldest_first[:MAX_TRACED])
    return Trace(traced, complete=len(found) <= MAX_TRACED)


def _named(tx: Tx, what: str, partners: Collection[NodeCode]) -> set[ExchangeId]:
    """Where a trace begins."""
    begun = set(ucrs.exchanges_of(tx, [what]))
    begun |= {one.exchange for one in certificate_register.with_number(tx, what)}
    if _ID.fullmatch(what):
        begun.add(ExchangeId(what))
        for partner in partners:
            for way in Direction:
                begun |= {one.id for one in exchanges.by_message(tx, partner, way, [what]).values()}
    # Who begins with an answer means the paper that it answers.
    return begun | {one.exchange for one in answers.carried_by(tx, list(begun))}


def _beside(tx: Tx, those: Collection[ExchangeId]) -> set[ExchangeId]:
    """What the papers of these exchanges lead to: chains, uses, and papers that name the same UCR."""
    beside: set[ExchangeId] = set()
    heads = _heads(certificate_register.of_exchanges(tx, list(those)))
    beside |= traced_uses.uses_beside(tx, heads) | traced_uses.certificates_beside(tx, those)
    for paper in heads:
        beside |= {one.exchange for one in certificate_register.chain_of(tx, paper)}
    named = {ucr for group in ucrs.named_by(tx, list(those)).values() for ucr in group}
    return beside | set(ucrs.exchanges_of(tx, named))


def _heads(papers: Iterable[Filed]) -> list[Filed]:
    """One paper of each chain."""
    return list({(one.direction, one.partner, one.kind, one.issuer, one.chain_number): one for one in papers}.values())


def _carriers(tx: Tx, those: Collection[ExchangeId]) -> set[ExchangeId]:
    return {one.carrier for one in answers.of(tx, list(those)).values()}
