"""What waits, what is left to a human, and why: time, certificates and arrangements on our own side."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Never

import pytest

from node.errors import (
    ArrangementSuspended,
    CertificateTooShort,
    NoAnswer,
    NotAgreed,
    PartnerDeferred,
    PartnerKeyMissing,
    PartnerUnknown,
    PartnerUnreachable,
)
from node.model.envelope import DeliverRequest
from node.model.exchange import State
from node.store import jobs

XA, XB = "XA", "XB"


def agreement(country, partner: str) -> Path:
    return country.home / "partner_profiles" / partner / "xa-xb-trade-papers.toml"


def change(country, partner: str, old: str, new: str) -> None:
    file = agreement(country, partner)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def suspend(country, partner: str) -> None:
    change(country, partner, "suspended = false", "suspended = true")


def resume(country, partner: str) -> None:
    change(country, partner, "suspended = true", "suspended = false")


def next_due(country) -> datetime | None:
    return country.wired.node.store.read(jobs.next_due)


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_paper_is_parked_after_the_agreed_hours_with_its_first_cause(pair, origin: bytes) -> None:
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.later(hours=47)
    assert pair.xa.exchange(sent).state is State.SEALED
    pair.xa.road.cut, pair.xa.road.loses_answers = False, 1
    pair.xa.later(hours=2)
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.first_cause) == (State.PARKED, PartnerUnreachable.code)
    assert pair.xa.timeline(sent)[-1] == "parked"
    assert next_due(pair.xa) is None


def test_a_parked_paper_is_left_alone(pair, origin: bytes) -> None:
    pair.xa.road.cut = True
    pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.later(hours=49)
    pair.xa.road.cut = False
    pair.xa.later(days=1)
    assert pair.xa.road.carried == pair.xa.road.asked == []


def test_one_parked_paper_does_not_keep_new_ones_from_going(pair, papers) -> None:
    old, new = papers(2)
    pair.xa.road.cut = True
    first = pair.xa.hand_in(old, XB, "old")
    pair.xa.work()
    pair.xa.later(hours=49)
    pair.xa.road.cut = False
    second = pair.xa.hand_in(new, XB, "new")
    pair.xa.work()
    assert [pair.xa.exchange(one).state for one in (first, second)] == [State.PARKED, State.DELIVERED]


# --- our own certificate and the partner's ----------------------------------------------------------------------------


def test_papers_that_would_outlive_our_certificate_wait_for_its_renewal(pair, renew, origin: bytes) -> None:
    renew(pair.xa, end=pair.xa.clock.now() + timedelta(days=3))
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.next_try()
    waiting = pair.xa.exchange(sent)
    assert (waiting.state, waiting.first_cause) == (State.ACCEPTED, CertificateTooShort.code)
    assert pair.xa.road.carried == []

    renew(pair.xa)
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_partner_that_renewed_its_sign_certificate_still_gets_papers(pair, renew, origin: bytes) -> None:
    renew(pair.xb)
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_papers_wait_while_the_partners_announcement_is_signed_by_a_key_struck_off(
    pair, renew, reopen, origin: bytes
) -> None:
    renew(pair.xb, announced=False)
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    waiting = pair.xa.exchange(sent)
    assert (waiting.state, waiting.first_cause) == (State.SEALED, PartnerKeyMissing.code)
    assert pair.xa.road.carried == []

    renewed = pair.xb.wired.settings.keys.statement_signature
    (pair.xa.home / "certs" / XB / renewed.name).write_bytes(renewed.read_bytes())
    reopen(pair.xa)
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


# --- arrangements -----------------------------------------------------------------------------------------------------


def test_under_a_suspended_arrangement_papers_are_taken_in_and_wait(pair, reopen, origin: bytes) -> None:
    suspend(pair.xa, XB)
    reopen(pair.xa)
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.next_try()
    waiting = pair.xa.exchange(sent)
    assert (waiting.state, waiting.first_cause) == (State.ACCEPTED, ArrangementSuspended.code)

    resume(pair.xa, XB)
    reopen(pair.xa)
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_paper_sealed_before_the_suspension_stays_here_until_it_ends(pair, reopen, origin: bytes) -> None:
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    suspend(pair.xa, XB)
    reopen(pair.xa)
    pair.xa.road.cut = False
    pair.xa.next_try()
    waiting = pair.xa.exchange(sent)
    assert (waiting.state, waiting.last_cause) == (State.SEALED, ArrangementSuspended.code)
    assert pair.xa.road.carried == []

    resume(pair.xa, XB)
    reopen(pair.xa)
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_what_became_of_papers_sent_before_the_suspension_is_still_asked(pair, reopen, origin: bytes) -> None:
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    suspend(pair.xa, XB)
    reopen(pair.xa)
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert len(pair.xa.road.carried) == 1


def test_when_the_partner_has_suspended_the_papers_wait_there_is_no_refusal(pair, reopen, origin: bytes) -> None:
    suspend(pair.xb, XA)
    reopen(pair.xb)
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    waiting = pair.xa.exchange(sent)
    assert (waiting.state, waiting.first_cause) == (State.SEALED, PartnerDeferred.code)
    resume(pair.xb, XA)
    reopen(pair.xb)
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_kind_struck_from_the_arrangement_is_left_to_a_human(pair, reopen, origin: bytes) -> None:
    pair.xa.road.cut = True
    sealed = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    file = agreement(pair.xa, XB)
    (file.parent / "xa-xb-origin-rules.toml").unlink()
    file.write_text(file.read_text().partition('name = "certificate_of_origin"')[0].rpartition("[[kind]]")[0])
    reopen(pair.xa)
    pair.xa.road.cut = False
    with pytest.raises(NotAgreed):
        pair.xa.hand_in(origin, XB, "another")
    pair.xa.next_try()
    assert pair.xa.exchange(sealed).state is State.PARKED
    assert pair.xa.road.carried == []


def test_an_arrangement_that_is_gone_parks_what_it_owed_once_it_fails(pair, reopen, origin: bytes) -> None:
    def swallow(_: DeliverRequest) -> Never:
        raise NoAnswer(partner=XB, seconds=30)

    pair.xa.road.tamper = swallow
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    agreement(pair.xa, XB).rename(agreement(pair.xa, XB).with_suffix(".old"))
    reopen(pair.xa)
    pair.xa.next_try()
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.first_cause) == (State.PARKED, NoAnswer.code)


@pytest.mark.parametrize("sealed", [False, True], ids=["before sealing", "after sealing"])
def test_a_partner_struck_from_the_book_leaves_what_is_owed_to_a_human(pair, reopen, origin: bytes, sealed) -> None:
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(origin, XB)
    if sealed:
        pair.xa.work()
    folder = agreement(pair.xa, XB).parent
    folder.rename(pair.xa.home / "struck-off")
    reopen(pair.xa)
    pair.xa.wired.transports.clear()
    pair.xa.later(minutes=1)
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.last_cause) == (State.PARKED, PartnerUnknown.code)
    assert next_due(pair.xa) is None
