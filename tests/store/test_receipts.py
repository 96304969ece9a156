"""Receipts: the first answer stands for ever, is repeated byte for byte, and has its number in the log."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from node.errors import RaceLost
from node.model.envelope import Place, Purpose
from node.model.exchange import Direction, State
from node.model.ids import Leaf, MessageId
from node.model.receipt import SignedReceipt, Verdict
from node.store import exchanges, receipts
from node.store.database import Database, Tx
from node.store.receipts import Settlement

if TYPE_CHECKING:
    from conftest import Trade

Together = Callable[[Database, list[Callable[[Tx], Any]]], list[Any]]


def log(database: Database, partner: str) -> list[int]:
    query = f"SELECT log_index FROM receipt WHERE direction = 'issued' AND partner = '{partner}' ORDER BY log_index"
    return list(database.read(lambda tx: tx.exec_driver_sql(query).scalars().all()))


def test_a_held_receipt_is_what_was_issued_and_marked_as_a_repeat(database: Database, trade: "Trade") -> None:
    (row,) = trade.put(database, direction=Direction.IN, state=State.RECEIVED)
    seal = trade.seal()
    path = (b"a" * 32, b"b" * 32)

    def issue(tx: Tx) -> receipts.IssuedReceipt:
        seal_id = exchanges.insert_seal(tx, seal, Purpose.RECEIPTS, True, trade.partner, trade.now)
        one = trade.issued(tx, seal_id=seal_id, place=Place(1, path), exchange=row.id, receipt=b"exact bytes")
        receipts.insert_issued(tx, [one])
        return one

    issued = database.write(issue)
    held = database.read(lambda tx: receipts.held(tx, trade.partner, [issued.message_id, trade.id()]))
    assert held == {
        issued.message_id: receipts.HeldReceipt(
            message_id=issued.message_id,
            leaf=issued.leaf,
            verdict=Verdict.ACCEPTED,
            signed=SignedReceipt(b"exact bytes", seal, Place(1, path), repeat=True),
            exchange=row.id,
            received_at=trade.now,
        )
    }
    assert database.read(lambda tx: receipts.held(tx, "XC", [issued.message_id])) == {}
    assert database.read(lambda tx: receipts.issued(tx, [row.id])) == {row.id: held[issued.message_id]}
    assert database.read(lambda tx: receipts.settled(tx, [row.id])) == {}


def test_an_absent_receipt_has_no_leaf_and_no_exchange(database: Database, trade: "Trade") -> None:
    def issue(tx: Tx) -> str:
        one = trade.issued(tx, leaf=None, verdict=Verdict.ABSENT)
        receipts.insert_issued(tx, [one])
        return str(one.message_id)

    identifier = database.write(issue)
    held = database.read(lambda tx: receipts.held(tx, trade.partner, [identifier]))[identifier]
    assert (held.leaf, held.exchange, held.verdict) == (None, None, Verdict.ABSENT)


def test_whichever_answer_commits_first_stands_for_ever(database: Database, trade: "Trade", together: Together) -> None:
    """An acceptance and a closing Status race for one id; the loser changes nothing, not even the log."""
    message = MessageId(trade.id())
    verdicts = [Verdict.ACCEPTED, Verdict.ABSENT, Verdict.REFUSED]

    def answer(verdict: Verdict) -> Callable[[Tx], Verdict]:
        def work(tx: Tx) -> Verdict:
            receipts.insert_issued(tx, [trade.issued(tx, message_id=message, verdict=verdict)])
            return verdict

        return work

    outcomes = together(database, [answer(verdict) for verdict in verdicts])
    assert outcomes[0] is Verdict.ACCEPTED
    assert [type(outcome) for outcome in outcomes[1:]] == [RaceLost, RaceLost]
    held = database.read(lambda tx: receipts.held(tx, trade.partner, [message]))
    assert held[message].verdict is Verdict.ACCEPTED
    assert log(database, trade.partner) == [0]


def test_the_same_message_id_of_two_partners_are_two_receipts(database: Database, trade: "Trade") -> None:
    message = MessageId(trade.id())
    for partner in ("XB", "XC"):
        database.write(
            lambda tx, partner=partner: receipts.insert_issued(
                tx, [trade.issued(tx, partner=partner, message_id=message, receipt=partner.encode())]
            )
        )
    held = [database.read(lambda tx, p=p: receipts.held(tx, p, [message]))[message] for p in ("XB", "XC")]
    assert [one.signed.receipt for one in held] == [b"XB", b"XC"]


def test_the_log_has_no_gaps_and_no_doubles_whoever_fails_in_between(database: Database, trade: "Trade") -> None:
    taken = MessageId(trade.id())
    database.write(lambda tx: receipts.insert_issued(tx, [trade.issued(tx, message_id=taken)]))

    def issue(partner: str, number: int) -> None:
        def work(tx: Tx) -> None:
            rows = [trade.issued(tx, partner=partner) for _ in range(1 + number % 3)]
            if number % 4 == 0 and partner == trade.partner:
                rows.append(trade.issued(tx, message_id=taken))
            receipts.insert_issued(tx, rows)

        try:
            database.write(work)
        except RaceLost:
            assert number % 4 == 0

    def many(partner: str) -> None:
        for number in range(20):
            issue(partner, number)

    threads = [threading.Thread(target=many, args=(partner,)) for partner in ("XB", "XB", "XC", "XB")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = sum(1 + number % 3 for number in range(20))
    lost = sum(1 + number % 3 for number in range(0, 20, 4))
    assert log(database, "XB") == list(range(1 + 3 * (stored - lost)))
    assert log(database, "XC") == list(range(stored))


def test_the_log_follows_the_order_of_the_call_and_of_commits(database: Database, trade: "Trade") -> None:
    sent: list[str] = []
    for _ in range(3):

        def issue(tx: Tx) -> list[str]:
            rows = [trade.issued(tx) for _ in range(3)]
            receipts.insert_issued(tx, rows)
            return [row.message_id for row in rows]

        sent += database.write(issue)
    query = "SELECT message_id FROM receipt ORDER BY log_index"
    assert database.read(lambda tx: tx.exec_driver_sql(query).scalars().all()) == sent


def test_no_receipts_are_fine(database: Database) -> None:
    database.write(lambda tx: receipts.insert_issued(tx, []))


# --- settling ---------------------------------------------------------------------------------------------------------


def test_the_first_receipt_settles_the_same_again_changes_nothing_a_differing_one_is_kept(
    database: Database, trade: "Trade"
) -> None:
    (row,) = trade.put(database, state=State.UNRESOLVED)
    message = MessageId(trade.id())
    first, same, other = trade.signed(b"yes"), trade.signed(b"yes"), trade.signed(b"no")

    def settle(signed: SignedReceipt, verdict: Verdict = Verdict.ACCEPTED) -> Settlement:
        return database.write(
            lambda tx: receipts.settle(tx, row.id, trade.partner, message, verdict, signed, trade.now)
        )

    assert settle(first) is Settlement.FIRST
    assert settle(same) is Settlement.SAME
    assert settle(other, Verdict.REFUSED) is Settlement.DISPUTED
    assert settle(other, Verdict.REFUSED) is Settlement.DISPUTED
    settled = database.read(lambda tx: receipts.settled(tx, [row.id]))[row.id]
    assert settled.signed == first
    assert settled.verdict is Verdict.ACCEPTED
    assert database.read(lambda tx: receipts.received(tx, [row.id])) == {row.id: first}
    disputes = database.read(lambda tx: tx.exec_driver_sql("SELECT receipt, verdict FROM receipt_dispute").all())
    assert disputes == [(b"no", 2)]


def test_of_two_receipts_at_once_one_settles_and_one_is_disputed(
    database: Database, trade: "Trade", together: Together
) -> None:
    (row,) = trade.put(database, state=State.UNRESOLVED)
    message = MessageId(trade.id())
    works = [
        lambda tx, content=content: receipts.settle(
            tx, row.id, trade.partner, message, Verdict.ACCEPTED, trade.signed(content), trade.now
        )
        for content in (b"a", b"b")
    ]
    assert together(database, works) == [Settlement.FIRST, Settlement.DISPUTED]


def test_received_and_issued_receipts_do_not_stand_in_each_others_way(database: Database, trade: "Trade") -> None:
    """Message ids are drawn by both sides; ours and theirs may not collide even if a partner copies one of ours."""
    (row,) = trade.put(database, state=State.SEALED)
    message = MessageId(trade.id())
    database.write(lambda tx: receipts.insert_issued(tx, [trade.issued(tx, message_id=message)]))
    outcome = database.write(
        lambda tx: receipts.settle(tx, row.id, trade.partner, message, Verdict.ACCEPTED, trade.signed(), trade.now)
    )
    assert outcome is Settlement.FIRST
    assert log(database, trade.partner) == [0]


def test_a_receipt_without_its_seal_is_refused(database: Database, trade: "Trade") -> None:
    from node.errors import StoreRefused

    with pytest.raises(StoreRefused, match=r"(?i)foreign key"):
        database.write(lambda tx: receipts.insert_issued(tx, [trade.issued(tx, seal_id="none", leaf=Leaf(b"l" * 32))]))
