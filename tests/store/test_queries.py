"""Questions people ask, with the answers they expect."""

from typing import TYPE_CHECKING

import pytest

from node.errors import ExchangeUnknown
from node.model.exchange import Direction, Exchange, State
from node.store import exchanges, queries
from node.store.database import Database
from node.store.queries import Count, ExchangeFilter

if TYPE_CHECKING:
    from conftest import Trade


def listed(database: Database, **wanted: object) -> list[str]:
    rows = database.read(lambda tx: queries.list_exchanges(tx, ExchangeFilter(**wanted)))
    return [row.id for row in rows]


def ids(*rows: Exchange) -> list[str]:
    return sorted((row.id for row in rows), reverse=True)


def test_an_exchange_is_found_by_any_unique_beginning_of_its_id(database: Database, trade: "Trade") -> None:
    first = trade.put(database, created_at=trade.now)[0]
    second = trade.put(database, created_at=trade.later(days=400))[0]
    same = next(n for n in range(36) if first.id[n] != second.id[n])
    for row in (first, second):
        for length in (same + 1, 20, 36):
            assert database.read(lambda tx, n=length, r=row: queries.find(tx, r.id[:n])) == row
    with pytest.raises(ExchangeUnknown):
        database.read(lambda tx: queries.find(tx, first.id[:same]))


@pytest.mark.parametrize("prefix", ["", "f" * 36, "%", "_", "0%", "'; --", "0" * 37, "\uff10"])
def test_what_is_no_beginning_of_an_id_finds_nothing(database: Database, trade: "Trade", prefix: str) -> None:
    trade.put(database)
    with pytest.raises(ExchangeUnknown):
        database.read(lambda tx: queries.find(tx, prefix))


def test_each_part_of_a_filter_narrows_the_list(database: Database, trade: "Trade") -> None:
    (plain,) = trade.put(database, number="XY-1")
    (theirs,) = trade.put(database, partner="XC", number="XY-2", kind="aeo_status")
    (came,) = trade.put(database, direction=Direction.IN, state=State.RECEIVED, issuer="Chamber of Wherever")
    (late,) = trade.put(database, state=State.PARKED, created_at=trade.later(days=1))
    assert listed(database) == ids(plain, theirs, came, late)
    assert listed(database, direction=Direction.IN) == ids(came)
    assert listed(database, partner="XC") == ids(theirs)
    assert listed(database, kind="aeo_status") == ids(theirs)
    assert listed(database, states=frozenset({State.PARKED, State.RECEIVED})) == ids(came, late)
    assert listed(database, text="xy-") == ids(plain, theirs)
    assert listed(database, text="WHEREVER") == ids(came)
    assert listed(database, text="進出口") == ids(plain, theirs, late)
    assert listed(database, since=trade.later(hours=1)) == ids(late)
    assert listed(database, direction=Direction.OUT, text="xy", partner=trade.partner) == ids(plain)


@pytest.mark.parametrize("text", ["%", "_", "\\", "' OR 1=1 --"])
def test_signs_of_the_query_language_are_looked_for_and_not_obeyed(
    database: Database, trade: "Trade", text: str
) -> None:
    trade.put(database, 3)
    (row,) = trade.put(database, number=f"A{text}B")
    assert listed(database, text=text) == [row.id]


def test_ids_are_read_in_portions_without_gap_or_double_while_they_change(database: Database, trade: "Trade") -> None:
    rows = [trade.put(database, created_at=trade.later(seconds=n // 2))[0] for n in range(11)]
    sizes, seen = [], []
    for portion in queries.portions(database, ExchangeFilter(states=frozenset({State.ACCEPTED})), 4):
        sizes.append(len(portion))
        seen += portion
        database.write(
            lambda tx, portion=portion: [
                exchanges.move(tx, one, Direction.OUT, [State.ACCEPTED], State.PARKED, trade.now) for one in portion
            ]
        )
    assert sizes == [4, 4, 3]
    assert seen == ids(*rows)[::-1]


def test_counts_are_by_partner_direction_and_state(database: Database, trade: "Trade") -> None:
    trade.put(database, 3)
    trade.put(database, 2, state=State.PARKED)
    trade.put(database, partner="XC", direction=Direction.IN, state=State.RECEIVED)
    assert database.read(queries.counts) == [
        Count(trade.partner, Direction.OUT, State.ACCEPTED, 3),
        Count(trade.partner, Direction.OUT, State.PARKED, 2),
        Count("XC", Direction.IN, State.RECEIVED, 1),  # type: ignore[arg-type]
    ]
