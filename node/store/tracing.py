"""Everything that hangs together: a consignment, certificate or message, and every exchange that belongs to it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, select

from node.model.exchange import Direction, Exchange
from node.model.hub import EVERYTHING, Sight
from node.model.ids import ExchangeId, NodeCode
from node.store import answers, exchanges, traced_uses, ucrs
from node.store.database import Tx
from node.store.tables import EXCHANGE, PAPER, UCR

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


def trace(tx: Tx, what: str, partners: Collection[NodeCode], sight: Sight = EVERYTHING) -> Trace:
    """What hangs together with `what`: a UCR, a number, an exchange's id, or a message's id at one of `partners`.

    From there it goes along chains, uses, shared UCRs and answers. `sight` says of which kinds the asker may know;
    nothing is found by way of another kind, except answers to what may be seen.
    """
    found: dict[ExchangeId, Exchange] = {}
    fresh = _named(tx, what, partners, sight)
    while fresh and len(found) <= MAX_TRACED:
        loaded = exchanges.load(tx, sorted(fresh)[: MAX_TRACED + 1])
        seen = {key: one for key, one in loaded.items() if sight.has(one.kind)}
        found |= seen
        fresh = _beside(tx, seen, sight) - found.keys() if seen else set()
    carriers = _carriers(tx, found) - found.keys()
    found |= exchanges.load(tx, carriers)
    named = ucrs.named_by(tx, list(found))
    oldest_first = sorted(found.values(), key=lambda one: (one.created_at, one.id))
    traced = tuple(Traced(one, named.get(one.id, ())) for one in oldest_first[:MAX_TRACED])
    return Trace(traced, complete=len(found) <= MAX_TRACED)


def _named(tx: Tx, what: str, partners: Collection[NodeCode], sight: Sight) -> set[ExchangeId]:
    """Where a trace begins."""
    by_ucr = select(UCR.c.exchange_id).where(UCR.c.ucr == ucrs.normalised(what))
    by_number = select(PAPER.c.exchange_id).where(PAPER.c.number == what)
    begun = _ids(tx, by_ucr, sight) | _ids(tx, by_number, sight)
    if _ID.fullmatch(what):
        begun.add(ExchangeId(what))
        for partner in partners:
            for way in Direction:
                begun |= {one.id for one in exchanges.by_message(tx, partner, way, [what]).values()}
    # Who begins with an answer means the paper that it answers.
    return begun | {one.exchange for one in answers.carried_by(tx, list(begun))}


def _beside(tx: Tx, those: Collection[ExchangeId], sight: Sight) -> set[ExchangeId]:
    """What the papers of these exchanges lead to: chains, uses, and papers that name the same UCR."""
    ids = sorted(those)
    ways = (
        traced_uses.uses_beside(ids),
        traced_uses.certificates_beside(ids),
        _chains(ids),
        select(UCR.c.exchange_id).where(UCR.c.ucr.in_(select(UCR.c.ucr).where(UCR.c.exchange_id.in_(ids)))),
    )
    return {one for way in ways for one in _ids(tx, way, sight)}


def _chains(those: Collection[ExchangeId]) -> Select[tuple[Any, ...]]:
    """Every accepted paper of the chains that the papers of these exchanges belong to."""
    ours, other = PAPER.alias(), PAPER.c
    same = and_(
        ours.c.partner == other.partner,
        ours.c.direction == other.direction,
        ours.c.kind == other.kind,
        ours.c.issuer == other.issuer,
        ours.c.chain_number == other.chain_number,
    )
    return select(other.exchange_id).select_from(ours.join(PAPER, same)).where(ours.c.exchange_id.in_(those))


def _ids(tx: Tx, way: Select[tuple[Any, ...]], sight: Sight) -> set[ExchangeId]:
    """What lies that way and may be seen: the oldest of it, one more than a trace shows.

    One reference may be used for everything: neither is all of it read, nor does what may not be seen fill the cut.
    """
    kind = EXCHANGE.c.kind
    seen = kind.in_(sorted(sight.only - sight.never)) if sight.only else kind.not_in(sorted(sight.never))
    query = select(EXCHANGE.c.id).where(EXCHANGE.c.id.in_(way), seen).order_by(EXCHANGE.c.id).limit(MAX_TRACED + 1)
    return {ExchangeId(row[0]) for row in tx.execute(query)}


def _carriers(tx: Tx, those: Collection[ExchangeId]) -> set[ExchangeId]:
    return {one.carrier for one in answers.of(tx, list(those)).values()}
