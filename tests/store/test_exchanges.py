"""Exchanges: what goes in comes out; every move is made once or not at all."""

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.errors import IllegalMove, RaceLost
from node.model.document import MediaType
from node.model.envelope import Chain, Purpose
from node.model.exchange import Assurance, Direction, Exchange, State, may_move
from node.model.ids import Digest, ExchangeId, Leaf, MessageId
from node.store import exchanges
from node.store.columns import pack_blobs, pack_path, unpack_blobs, unpack_path
from node.store.database import Database, Tx
from node.store.sealed import StoredSealed

if TYPE_CHECKING:
    from conftest import Trade

Together = Callable[[Database, list[Callable[[Tx], Any]]], list[Any]]


def load(database: Database, exchange: Exchange) -> Exchange:
    return database.read(lambda tx: exchanges.load(tx, [exchange.id]))[exchange.id]


def test_every_field_of_an_exchange_comes_back(database: Database, trade: "Trade") -> None:
    plain = trade.exchange()
    full = trade.exchange(
        direction=Direction.IN,
        state=State.RECEIVED,
        assurance=Assurance.BATCH,
        message_id=trade.id(),
        leaf=b"l" * 32,
        expires_at=trade.later(days=30),
        idempotency_key="hub-1",
        conversation_id=trade.id(),
        refers_to=trade.id(),
        first_cause="N2N-DLV-001",
        last_cause="N2N-DLV-002",
        follows=plain.id,
        already_known=True,
    )
    database.write(lambda tx: exchanges.insert(tx, [plain, full]))
    asked = [plain.id, full.id, ExchangeId(trade.id())]
    assert database.read(lambda tx: exchanges.load(tx, asked)) == {plain.id: plain, full.id: full}


def test_any_number_of_ids_may_be_asked_for_at_once(database: Database, trade: "Trade") -> None:
    rows = trade.put(database, 3000)
    found = database.read(lambda tx: exchanges.load(tx, [row.id for row in rows]))
    assert found == {row.id: row for row in rows}


def test_no_rows_and_no_ids_are_fine(database: Database) -> None:
    def nothing(tx: Tx) -> None:
        exchanges.insert(tx, [])
        exchanges.insert_documents(tx, [])
        exchanges.insert_sealed(tx, [])

    database.write(nothing)
    for ask in (exchanges.load, exchanges.documents, exchanges.sealed):
        assert database.read(lambda tx, ask=ask: ask(tx, [])) == {}


def test_every_field_of_a_document_comes_back(database: Database, trade: "Trade") -> None:
    rows = trade.put(database, 3)
    documents = [
        trade.document(rows[0]),
        trade.document(
            rows[1],
            b"\x00\xff" * 5000,
            media_type=MediaType.JSON,
            ucr=("26XB1", "臺灣"),
            chain=Chain("issuer", "no-1", Digest(b"p" * 32)),
            fields={"holder": "陳先生", "": "x"},
        ),
        trade.document(rows[2], chain=Chain("", "", None)),
    ]
    database.write(lambda tx: exchanges.insert_documents(tx, documents))
    found = database.read(lambda tx: exchanges.documents(tx, [row.id for row in rows]))
    assert found == {document.exchange: document for document in documents}


def test_a_second_document_for_an_exchange_is_refused(database: Database, trade: "Trade") -> None:
    (row,) = trade.put(database)
    database.write(lambda tx: exchanges.insert_documents(tx, [trade.document(row, b"first")]))
    with pytest.raises(RaceLost):
        database.write(lambda tx: exchanges.insert_documents(tx, [trade.document(row, b"second")]))
    assert database.read(lambda tx: exchanges.documents(tx, [row.id]))[row.id].content == b"first"


def test_an_inbound_message_id_of_a_partner_is_taken_once(database: Database, trade: "Trade") -> None:
    message = trade.id()
    inbound = {"direction": Direction.IN, "state": State.RECEIVED, "message_id": message}
    trade.put(database, **inbound)
    with pytest.raises(RaceLost):
        trade.put(database, **inbound)
    trade.put(database, **inbound, partner="XC")


# --- moves ------------------------------------------------------------------------------------------------------------


def test_every_move_is_made_exactly_if_the_table_lists_it(database: Database, trade: "Trade") -> None:
    """All 242 combinations: from the state it is in, the legal moves succeed and the illegal ones change nothing."""
    combinations = list(product(Direction, State, State))
    rows = [trade.exchange(direction=direction, state=state) for direction, state, _ in combinations]
    database.write(lambda tx: exchanges.insert(tx, rows))
    for row, (direction, state, target) in zip(rows, combinations, strict=True):

        def attempt(tx: Tx, row: Exchange = row, target: State = target) -> bool:
            return exchanges.move(tx, row.id, row.direction, [row.state], target, trade.now)

        if may_move(direction, state, target):
            assert database.write(attempt)
            assert load(database, row).state is target
        else:
            with pytest.raises(IllegalMove):
                database.write(attempt)
            assert load(database, row).state is state


def test_a_move_from_another_state_than_the_present_one_changes_nothing(database: Database, trade: "Trade") -> None:
    (row,) = trade.put(database, state=State.SEALED)
    moved = database.write(
        lambda tx: exchanges.move(
            tx, row.id, Direction.OUT, [State.ACCEPTED], State.PARKED, trade.later(hours=1), "why"
        )
    )
    assert not moved
    assert load(database, row) == row


def test_a_move_in_the_wrong_direction_changes_nothing(database: Database, trade: "Trade") -> None:
    (row,) = trade.put(database, direction=Direction.IN, state=State.RECEIVED)
    moved = database.write(
        lambda tx: exchanges.move(tx, row.id, Direction.OUT, [State.SEALED], State.DELIVERED, trade.now)
    )
    assert not moved
    assert load(database, row) == row


def test_one_illegal_state_among_the_named_ones_refuses_the_move(database: Database, trade: "Trade") -> None:
    (row,) = trade.put(database, state=State.SEALED)
    with pytest.raises(IllegalMove):
        database.write(
            lambda tx: exchanges.move(
                tx, row.id, Direction.OUT, [State.SEALED, State.CANCELLED], State.DELIVERED, trade.now
            )
        )
    assert load(database, row) == row


def test_of_many_who_move_the_same_exchange_one_wins(database: Database, trade: "Trade", together: Together) -> None:
    (row,) = trade.put(database, state=State.SEALED)
    targets = [State.DELIVERED, State.REFUSED, State.CANCELLED, State.EXPIRED] * 4
    works = [
        lambda tx, target=target: exchanges.move(tx, row.id, Direction.OUT, [State.SEALED], target, trade.now)
        for target in targets
    ]
    outcomes = together(database, works)
    assert outcomes.count(True) == 1
    assert load(database, row).state is targets[outcomes.index(True)]


def test_many_exchanges_move_in_one_statement_and_only_those_that_could(database: Database, trade: "Trade") -> None:
    ready = trade.put(database, 3)
    gone = trade.put(database, state=State.CANCELLED)
    ids = [row.id for row in (*ready, *gone)]
    moved = database.write(
        lambda tx: exchanges.move_all(tx, ids, Direction.OUT, [State.ACCEPTED], State.SEALED, trade.now)
    )
    assert moved == {row.id for row in ready}


def test_the_first_cause_stays_and_the_last_cause_is_the_latest(database: Database, trade: "Trade") -> None:
    (row,) = trade.put(database, state=State.SEALED)
    moment = trade.later(minutes=5)

    def walk(tx: Tx) -> None:
        exchanges.note_cause(tx, row.id, "N2N-DLV-001", trade.now)
        exchanges.note_cause(tx, row.id, "N2N-DLV-004", trade.now)
        exchanges.move(tx, row.id, Direction.OUT, [State.SEALED], State.PARKED, moment, "N2N-DLV-006")

    database.write(walk)
    found = load(database, row)
    assert (found.first_cause, found.last_cause, found.updated_at) == ("N2N-DLV-001", "N2N-DLV-006", moment)
    database.write(lambda tx: exchanges.move(tx, row.id, Direction.OUT, [State.PARKED], State.SEALED, moment))
    found = load(database, row)
    assert (found.first_cause, found.last_cause) == ("N2N-DLV-001", "")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    direction=st.sampled_from(Direction),
    moves=st.lists(st.tuples(st.sets(st.sampled_from(State), max_size=4), st.sampled_from(State)), max_size=8),
)
def test_any_sequence_of_moves_ends_where_the_table_says(
    database: Database, trade: "Trade", direction: Direction, moves: list[tuple[set[State], State]]
) -> None:
    state = State.ACCEPTED if direction is Direction.OUT else State.RECEIVED
    (row,) = trade.put(database, direction=direction, state=state)
    for from_, target in moves:
        try:
            moved = database.write(lambda tx, f=from_, t=target: exchanges.move(tx, row.id, direction, f, t, trade.now))
        except IllegalMove:
            assert not all(may_move(direction, one, target) for one in from_)
            moved = False
        else:
            assert moved == (state in from_)
        state = target if moved else state
        assert load(database, row).state is state


# --- sealed -----------------------------------------------------------------------------------------------------------


def test_what_was_sealed_comes_back_with_its_seal(database: Database, trade: "Trade") -> None:
    (row,) = trade.put(database)
    seal = trade.seal()

    def store(tx: Tx) -> StoredSealed:
        seal_id = exchanges.insert_seal(tx, seal, Purpose.PAPERS, True, trade.partner, trade.now)
        sealed = trade.sealed(row, seal_id)
        exchanges.insert_sealed(tx, [sealed])
        exchanges.set_all_sealed(tx, [(row.id, sealed.message_id, sealed.leaf, trade.later(days=7))])
        return sealed

    sealed = database.write(store)
    assert database.read(lambda tx: exchanges.sealed(tx, [row.id])) == {row.id: sealed}
    assert database.read(lambda tx: exchanges.seals(tx, [sealed.seal_id, "none"])) == {sealed.seal_id: seal}
    found = load(database, row)
    assert (found.message_id, found.leaf, found.expires_at) == (sealed.message_id, sealed.leaf, trade.later(days=7))
    with pytest.raises(RaceLost):
        database.write(lambda tx: exchanges.insert_sealed(tx, [sealed]))


def test_a_message_id_of_ours_names_one_exchange(database: Database, trade: "Trade") -> None:
    first, second = trade.put(database, 2)
    message = MessageId(trade.id())
    database.write(lambda tx: exchanges.set_all_sealed(tx, [(first.id, message, Leaf(b"1" * 32), trade.now)]))
    with pytest.raises(RaceLost):
        database.write(lambda tx: exchanges.set_all_sealed(tx, [(second.id, message, Leaf(b"2" * 32), trade.now)]))
    assert load(database, second) == second


def test_the_same_seal_is_stored_once_however_often_it_comes(
    database: Database, trade: "Trade", together: Together
) -> None:
    seal = trade.seal()

    def work(tx: Tx) -> str:
        return exchanges.insert_seal(tx, seal, Purpose.PAPERS, False, trade.partner, trade.now)

    assert len(set(together(database, [work] * 5))) == 1
    assert database.read(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM seal").scalar()) == 1


def test_signatures_made_anew_travel_and_the_sealed_row_stays(database: Database, trade: "Trade") -> None:
    first, second = trade.put(database, 2)

    def store(tx: Tx) -> None:
        seal_id = exchanges.insert_seal(tx, trade.seal(), Purpose.PAPERS, True, trade.partner, trade.now)
        exchanges.insert_sealed(tx, [trade.sealed(row, seal_id, signatures=(b"old",)) for row in (first, second)])
        exchanges.replace_signatures(tx, first.id, (b"new",), trade.now)
        exchanges.replace_signatures(tx, first.id, (b"newest", b"other"), trade.now)

    database.write(store)
    found = database.read(lambda tx: exchanges.sealed(tx, [first.id, second.id]))
    assert found[first.id].signatures == (b"newest", b"other")
    assert found[second.id].signatures == (b"old",)


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_byte_strings_survive_packing(items: list[bytes]) -> None:
    assert unpack_blobs(pack_blobs(items)) == tuple(items)


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=4), st.data())
def test_a_packed_list_cut_short_is_noticed(items: list[bytes], data: st.DataObject) -> None:
    packed = pack_blobs(items)
    ends = {len(pack_blobs(items[:count])) for count in range(len(items) + 1)}
    cut = data.draw(st.sampled_from([at for at in range(len(packed)) if at not in ends]))
    with pytest.raises(ValueError, match="cut short"):
        unpack_blobs(packed[:cut])


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=7))
def test_any_path_survives_packing(path: list[bytes]) -> None:
    assert unpack_path(pack_path(path)) == tuple(path)


def test_what_is_no_path_is_noticed_on_both_ways() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        pack_path([b"short"])
    with pytest.raises(ValueError, match="whole number"):
        unpack_path(b"x" * 33)
