"""What XA tells XB of its authorised operators, and what XB's officers find: life, lists, gaps, consent."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from operators import baseline, delta, event, record, removal

from node.errors import (
    BaselineIncomplete,
    ListMissing,
    ListOutOfPlace,
    OperatorConsentGone,
    OperatorVersionTaken,
    PaperRefused,
)
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode, sha256
from node.model.operator import OperatorState, OperatorStatus
from node.store import exchanges, operators, retention
from node.wire import receipt_from_bytes

if TYPE_CHECKING:
    from conftest import Country, Pair

XA, XB = NodeCode("XA"), NodeCode("XB")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
A, B, C = "XA-AEOS-2026-0001", "XA-AEOS-2026-0002", "XA-AEOS-2026-0003"
TOLD, CALLED, EARLIER = NOW - timedelta(hours=1), NOW - timedelta(minutes=30), NOW - timedelta(days=1)


def looked_up(country: "Country", code: str, direction: Direction = Direction.IN) -> OperatorState | None:
    now = country.clock.now()
    found = country.wired.node.store.read(lambda tx: operators.find(tx, code, direction=direction, on=now))
    return found[0] if found else None


def status(country: "Country", code: str) -> str:
    found = looked_up(country, code)
    return "unknown" if found is None else found.status.value


def tell(pair: "Pair", *papers: bytes) -> list[ExchangeId]:
    """XA's hub hands these in, in order, and everything crosses."""
    sent = [pair.xa.hand_in(paper, XB, sha256(paper).hex()) for paper in papers]
    pair.cross()
    return sent


def first_list(pair: "Pair", *more: str) -> None:
    tell(pair, *baseline("L-1", 1, TOLD, [record(A, tin="XA22901870"), record(B), *more]))


# --- life -----------------------------------------------------------------------------------------------------------


def test_a_suspension_reaches_the_other_countrys_lookup_at_once(pair: "Pair") -> None:
    first_list(pair)
    assert status(pair.xb, "xa 22901870") == "valid"
    suspended = event("suspend", "E-1", record(A, 2, "40", "2026-11-22T07:00:00Z", tin="XA22901870"), CALLED)
    tell(pair, suspended)
    assert [status(pair.xb, code) for code in (A, "XA22901870", B)] == ["suspended", "suspended", "valid"]
    found = looked_up(pair.xb, A)
    assert found is not None
    assert found.effective == datetime(2026, 11, 22, 7, tzinfo=UTC)
    assert found.known_from == pair.xb.clock.now()


LIFE = (
    ("suspend", record(A, 2, "40"), "suspended"),
    ("reinstate", record(A, 3, reason="remedied"), "valid"),
    ("rename", record(A, 4, name="Merrow Holdings"), "valid"),
    ("revoke", record(A, 5, "41"), "revoked"),
)
ENDS = (
    ("withdraw", "withdrawn", "withdrawn"),
    ("expire", "expired", "expired"),
    ("merge", "merged", "merged"),
    ("withdraw-consent", "consent-withdrawn", "unknown"),
)


def test_an_operator_lives_through_every_event_of_a_decision(pair: "Pair") -> None:
    tell(pair, event("grant", "E-1", record(A), TOLD))
    assert status(pair.xb, A) == "valid"
    for number, (name, said, becomes) in enumerate(LIFE, start=2):
        tell(pair, event(name, f"E-{number}", said, TOLD + timedelta(minutes=number), f"E-{number - 1}"))
        assert status(pair.xb, A) == becomes
        pair.xa.clock.advance(timedelta(seconds=1))
    found = looked_up(pair.xb, A)
    assert found is not None
    assert found.version == 5


@pytest.mark.parametrize(("name", "reason", "becomes"), ENDS, ids=[end[0] for end in ENDS])
def test_an_operator_leaves(pair: "Pair", name: str, reason: str, becomes: str) -> None:
    first_list(pair)
    more = {"into": B} if reason == "merged" else {}
    tell(pair, event(name, "E-1", removal(A, reason, version=2, **more), CALLED))
    assert (status(pair.xb, A), status(pair.xb, B)) == (becomes, "valid")


def test_our_own_register_says_what_the_partner_was_told(pair: "Pair") -> None:
    first_list(pair)
    told = looked_up(pair.xa, A, Direction.OUT)
    assert told is not None
    assert (told.partner, told.status, told.list_sequence) == (XB, OperatorStatus.VALID, 1)
    assert looked_up(pair.xa, A) is None


# --- lanes ----------------------------------------------------------------------------------------------------------


def test_a_suspension_goes_in_the_first_lane_whatever_was_agreed(pair: "Pair") -> None:
    agreement = pair.xa.wired.node.book.agreement(XB, "aeo_status", NOW)[1]
    object.__setattr__(agreement, "priority", 3)
    listed, *_ = tell(pair, *baseline("L-1", 1, TOLD, [record(A)]))
    suspended, renamed = tell(
        pair,
        event("suspend", "E-1", record(A, 2, "40"), CALLED),
        event("rename", "E-2", record(A, 3, name="Merrow Holdings"), CALLED),
    )
    assert [pair.xa.exchange(one).priority for one in (listed, suspended, renamed)] == [3, 1, 3]


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_list_made_before_a_suspension_does_not_undo_it(pair: "Pair") -> None:
    first_list(pair)
    tell(pair, event("suspend", "E-1", record(A, 2, "40"), CALLED))
    tell(pair, *baseline("L-2", 2, CALLED, [record(A, tin="XA22901870"), record(B)]))
    assert status(pair.xb, A) == "suspended"


def test_a_version_with_other_content_is_refused_at_home(pair: "Pair") -> None:
    first_list(pair)
    with pytest.raises(OperatorVersionTaken):
        pair.xa.hand_in(event("rename", "E-1", record(A, 1, name="Another"), CALLED), XB)


def test_a_version_with_other_content_is_refused_by_the_partner_too(pair: "Pair") -> None:
    first_list(pair)
    forget_everything_told(pair.xa)
    sent = pair.xa.hand_in(event("rename", "E-1", record(A, 1, name="Another"), CALLED), XB)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.REFUSED
    (finding,) = receipt_from_bytes(pair.xa.receipt(sent).signed.receipt).findings
    assert (finding.code, finding.path) == ("EFFECT", "/AeoStatus/records[1]/version")
    assert status(pair.xb, A) == "valid"


def forget_everything_told(country: "Country") -> None:
    """A node that lost its register of what it told."""
    names = ("operator_paper", "operator_key", "operator_version", "operator", "operator_series")
    country.wired.node.store.write(lambda tx: [tx.exec_driver_sql(f"DELETE FROM {name}") for name in names])


# --- lists ----------------------------------------------------------------------------------------------------------


def test_a_baseline_in_parts_counts_when_the_last_part_is_there(pair: "Pair") -> None:
    first_list(pair)
    everybody = [record(f"XA-AEOS-2027-{n:04}") for n in range(40)]
    parts = baseline("L-2", 2, CALLED, everybody, size=4000)
    assert len(parts) > 3
    for part in parts[:-1]:
        tell(pair, part)
        pair.xa.clock.advance(timedelta(seconds=1))
    (register,) = pair.xb.wired.node.store.read(operators.registers)
    assert (register.sequence, register.incoming, register.parts_held) == (1, 2, len(parts) - 1)
    assert status(pair.xb, A) == "valid"
    tell(pair, parts[-1])
    (register,) = pair.xb.wired.node.store.read(operators.registers)
    assert (register.sequence, register.incoming, register.list_number) == (2, None, f"L-2-{len(parts)}")
    assert status(pair.xb, A) == "unlisted"
    assert status(pair.xb, "XA-AEOS-2027-0039") == "valid"


def test_parts_handed_in_together_arrive_in_order(pair: "Pair") -> None:
    tell(pair, *baseline("L-1", 1, TOLD, [record(f"XA-AEOS-2027-{n:04}") for n in range(40)], size=4000))
    (register,) = pair.xb.wired.node.store.read(operators.registers)
    assert (register.sequence, register.operators) == (1, 40)


def test_parts_that_do_not_add_up_are_refused(pair: "Pair") -> None:
    parts = baseline("L-1", 1, TOLD, [record(f"XA-AEOS-2027-{n:04}") for n in range(40)], size=4000)
    parts = tuple(part.replace(b'"total":40', b'"total":41') for part in parts)
    for index, part in enumerate(parts[:-1]):
        pair.xa.hand_in(part, XB, str(index))
    with pytest.raises(BaselineIncomplete):
        pair.xa.hand_in(parts[-1], XB, "last")


def test_an_operator_granted_while_a_baseline_travels_is_not_ended_by_it(pair: "Pair") -> None:
    parts = baseline("L-1", 1, TOLD, [record(f"XA-AEOS-2027-{n:04}") for n in range(40)], size=8000)
    tell(pair, *parts[:-1])
    tell(pair, event("grant", "E-1", record(C, effective="2026-11-22T07:15:00Z"), CALLED))
    pair.xa.clock.advance(timedelta(seconds=1))
    tell(pair, parts[-1])
    assert status(pair.xb, C) == "valid"


def test_deltas_change_and_remove(pair: "Pair") -> None:
    first_list(pair)
    tell(pair, delta("L-2", "L-1", 2, CALLED, [record(C), record(B, 2, "40")], [removal(A, "ceased")]))
    assert [status(pair.xb, code) for code in (A, B, C)] == ["ceased", "suspended", "valid"]


def test_a_delta_without_the_list_before_it_is_not_taken_at_home(pair: "Pair") -> None:
    first_list(pair)
    with pytest.raises(ListMissing):
        pair.xa.hand_in(delta("L-3", "L-2", 3, CALLED), XB)
    tell(pair, delta("L-2", "L-1", 2, CALLED))
    with pytest.raises(ListOutOfPlace):
        pair.xa.hand_in(delta("L-2b", "L-2", 2, CALLED), XB)


def test_a_delta_whose_list_is_missing_waits_at_the_partner_and_a_baseline_stands_in_for_it(pair: "Pair") -> None:
    first_list(pair)
    forget_everything_told(pair.xb)
    sent = pair.xa.hand_in(delta("L-2", "L-1", 2, CALLED, [record(C)]), XB)
    pair.cross()
    assert pair.xa.exchange(sent).state in (State.SEALED, State.UNRESOLVED)
    assert status(pair.xb, C) == "unknown"
    tell(pair, *baseline("L-2b", 2, CALLED, [record(A, tin="XA22901870"), record(B), record(C)]))
    assert status(pair.xb, C) == "valid"
    pair.xa.later(minutes=10)
    # Nothing was wrong with it: it is taken as told already, and the papers that follow it may go.
    assert pair.xa.exchange(sent).state is State.DELIVERED
    (remark,) = receipt_from_bytes(pair.xa.receipt(sent).signed.receipt).findings
    assert (remark.code, remark.path) == ("TOLERATED", "/AeoStatus/list/sequence")
    assert status(pair.xb, C) == "valid"


def test_an_older_delta_is_refused_by_a_partner_that_is_further(pair: "Pair") -> None:
    first_list(pair)
    tell(pair, *baseline("L-5", 5, CALLED, [record(A, tin="XA22901870"), record(B)]))
    forget_everything_told(pair.xa)
    tell(pair, *baseline("L-6", 6, CALLED, [record(A, tin="XA22901870"), record(B)]))
    forget_everything_told(pair.xa)
    sent = pair.xa.hand_in(baseline("L-3", 3, CALLED, [record(C)])[0], XB, "old")
    pair.cross()
    assert pair.xa.exchange(sent).state is State.REFUSED
    assert status(pair.xb, C) == "unknown"


# --- consent --------------------------------------------------------------------------------------------------------


def body_is_held(country: "Country", exchange: ExchangeId) -> bool:
    return exchange in country.wired.node.store.read(lambda tx: exchanges.documents(tx, [exchange]))


def test_who_did_not_opt_in_is_never_sent(pair: "Pair") -> None:
    no = record(A).replace('"given":true', '"given":false')
    for paper in (*baseline("L-1", 1, TOLD, [record(B), no]), event("grant", "E-1", no, TOLD)):
        with pytest.raises(PaperRefused):
            pair.xa.hand_in(paper, XB)
    pair.cross()
    assert [status(pair.xb, code) for code in (A, B)] == ["unknown", "unknown"]


def arrived_as(country: "Country", number: str) -> ExchangeId:
    (found,) = [one for one in country.received() if one.number == number]
    return found.id


def test_who_withdraws_consent_is_deleted_at_the_partner(pair: "Pair") -> None:
    first_list(pair)
    (ours,) = tell(pair, event("suspend", "E-1", record(A, 2, "40", tin="XA22901870"), CALLED - timedelta(minutes=5)))
    theirs = arrived_as(pair.xb, "E-1")
    assert body_is_held(pair.xb, theirs)
    tell(pair, event("withdraw-consent", "E-2", removal(A, "consent-withdrawn", version=3), CALLED))
    for code in (A, "XA22901870"):
        assert status(pair.xb, code) == "unknown"
        assert pair.xb.wired.node.store.read(lambda tx, code=code: operators.history(tx, code, on=NOW)) == ()
    # Papers about that operator alone are gone on both sides; that they were exchanged is not.
    assert not body_is_held(pair.xb, theirs)
    assert not body_is_held(pair.xa, ours)
    assert {"handed-over"} <= {fact.replace("_", "-") for fact in pair.xb.timeline(theirs)}
    assert pair.xa.receipt(ours) is not None
    (stone,) = pair.xb.wired.node.store.read(lambda tx: retention.tombstones(tx, [theirs])).values()
    assert (stone.actor, stone.reason) == ("XA", "consent withdrawn")


def test_lists_that_named_the_operator_go_when_a_new_complete_list_is_there(pair: "Pair") -> None:
    first_list(pair)
    named = arrived_as(pair.xb, "L-1")
    tell(pair, delta("L-2", "L-1", 2, CALLED, removed=[removal(A, "consent-withdrawn")]))
    assert status(pair.xb, A) == "unknown"
    assert body_is_held(pair.xb, named)
    pair.xa.clock.advance(timedelta(seconds=1))
    tell(pair, *baseline("L-3", 3, CALLED + timedelta(minutes=5), [record(B)]))
    assert not body_is_held(pair.xb, named)
    assert not body_is_held(pair.xb, arrived_as(pair.xb, "L-2"))
    assert body_is_held(pair.xb, arrived_as(pair.xb, "L-3"))


def test_lists_stay_where_nobody_withdrew(pair: "Pair") -> None:
    first_list(pair)
    tell(pair, *baseline("L-2", 2, CALLED, [record(A, tin="XA22901870"), record(B)]))
    assert body_is_held(pair.xb, arrived_as(pair.xb, "L-1"))


def test_nobody_is_told_of_again_without_a_new_consent(pair: "Pair") -> None:
    first_list(pair)
    tell(pair, event("withdraw-consent", "E-1", removal(A, "consent-withdrawn"), CALLED))
    again = record(A, 2)
    with pytest.raises(OperatorConsentGone):
        pair.xa.hand_in(event("grant", "E-2", again, NOW), XB)
    anew = again.replace('"on":"2026-01-20"', '"on":"2026-11-22"')
    tell(pair, event("grant", "E-3", anew, NOW))
    assert status(pair.xb, A) == "valid"
