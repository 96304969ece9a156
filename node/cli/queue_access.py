"""How `n2n queue` reaches the store: what an act is for, and the act in portions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.cli.node_access import acting, ids_of, open_store
from node.cli.session import Session
from node.model.exchange import Exchange
from node.model.ids import ExchangeId
from node.store import exchanges, queries
from node.store.database import Database, Tx
from node.store.queries import ExchangeFilter

if TYPE_CHECKING:  # they bring the whole node
    from node.flows.acts import Act, Done

SAMPLE = 10
"""Exchanges that a dry run shows."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What an act is for: exchanges that were named, or all that match a filter."""

    ids: tuple[ExchangeId, ...] = ()
    wanted: ExchangeFilter | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """How many exchanges an act would reach, and the oldest of them."""

    count: int
    sample: list[Exchange]


def aim(session: Session, prefixes: Sequence[str], wanted: ExchangeFilter | None) -> Aim:
    """The exchanges with these beginnings of ids, else what matches. Raises ExchangeUnknown."""
    if not prefixes:
        return Aim(wanted=wanted)
    return Aim(ids=tuple(ids_of(session, prefixes)))


def look(session: Session, at: Aim) -> Looked:
    """What the act would reach, as it is now; nothing is changed."""

    def read(tx: Tx) -> Looked:
        first = at.ids[:SAMPLE] if at.wanted is None else queries.ids_from(tx, at.wanted, None, SAMPLE)
        rows = exchanges.load(tx, first)
        count = len(at.ids) if at.wanted is None else queries.count(tx, at.wanted)
        return Looked(count, [rows[one] for one in first])

    with open_store(session) as store:
        return store.read(read)


def act_on(session: Session, act: "Act", at: Aim, reason: str, called: str | None) -> "Iterator[list[Done]]":
    """Do `act`, portion by portion, each committed when it is told; whoever stops between two loses nothing."""
    from node.flows.acts import CHUNK, perform

    with acting(session, called) as (node, by):
        for ids in _portions(node.store, at, CHUNK):
            yield perform(node, act, ids, by, reason)


def _portions(store: Database, at: Aim, size: int) -> Iterator[Sequence[ExchangeId]]:
    if at.wanted is None:
        for start in range(0, len(at.ids), size):
            yield at.ids[start : start + size]
        return
    yield from queries.portions(store, at.wanted, size)
