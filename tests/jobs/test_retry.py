from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import (
    AnswerRefused,
    AttemptsUsedUp,
    NoAnswer,
    NodeError,
    NotAgreed,
    OwnWorkFailed,
    PartnerDeferred,
    PartnerUnreachable,
    PartnerWantsAnew,
    catalogue,
)
from node.jobs.retry import ANEW_LIMIT, JITTER, decide
from node.model.ids import ExchangeId, NodeCode
from node.model.job import Again, Circumstances, GiveUp, Job, Verb
from node.profiles.profile import RetryPolicy

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = RetryPolicy(first_s=5, factor=2, max_s=1800, give_up_h=48, expires_after_h=240)


def job(attempts: int = 1, age: timedelta = timedelta(0)) -> Job:
    return Job("j", ExchangeId("e"), NodeCode("XB"), Verb.DELIVER, NOW, attempts, attempts, NOW - age)


@pytest.mark.parametrize(
    ("attempts", "wait_s"),
    [
        (1, 5),  # 5
        (2, 10),  # 5 × 2
        (3, 20),  # 5 × 2²
        (9, 1280),  # 5 × 2⁸
        (10, 1800),  # 5 × 2⁹ = 2560, capped
        (500, 1800),  # capped, and no overflow
    ],
)
def test_waits_grow_by_the_factor_up_to_the_cap(attempts: int, wait_s: float) -> None:
    middle = Circumstances(NOW, luck=0.5)
    assert decide(job(attempts), NoAnswer(), POLICY, middle) == Again(NOW + timedelta(seconds=wait_s))


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_jitter_stays_within_its_share_either_way(attempts: int, luck: float) -> None:
    next_try = decide(job(attempts), NoAnswer(), POLICY, Circumstances(NOW, luck))
    middle = decide(job(attempts), NoAnswer(), POLICY, Circumstances(NOW, 0.5))
    assert isinstance(next_try, Again)
    assert isinstance(middle, Again)
    plain = (middle.due_at - NOW).total_seconds()
    assert plain * (1 - JITTER) - 0.001 <= (next_try.due_at - NOW).total_seconds() <= plain * (1 + JITTER) + 0.001


def test_a_partners_hint_lengthens_a_wait_and_never_shortens_it() -> None:
    long = Circumstances(NOW, 0.5, hint=timedelta(minutes=10))
    short = Circumstances(NOW, 0.5, hint=timedelta(milliseconds=1))
    assert decide(job(), PartnerDeferred(), POLICY, long) == Again(NOW + timedelta(minutes=10))
    assert decide(job(), PartnerDeferred(), POLICY, short) == Again(NOW + timedelta(seconds=5))


@pytest.mark.parametrize("error", [NoAnswer(), PartnerUnreachable(), PartnerDeferred(), AnswerRefused()])
def test_attempts_are_used_up_after_the_agreed_hours_not_before(error: NodeError) -> None:
    at = Circumstances(NOW, 0.5)
    assert isinstance(decide(job(99, timedelta(hours=48) - timedelta(milliseconds=1)), error, POLICY, at), Again)
    assert decide(job(99, timedelta(hours=48)), error, POLICY, at) == GiveUp(AttemptsUsedUp.code)


@pytest.mark.parametrize("error", [NotAgreed(), OwnWorkFailed()])
def test_what_repeating_cannot_cure_is_left_to_a_human_at_once(error: NodeError) -> None:
    assert decide(job(), error, POLICY, Circumstances(NOW, 0.5)) == GiveUp(error.code)


def test_the_third_wish_for_a_new_encryption_parks() -> None:
    wish = PartnerWantsAnew(partner="XB", reason="KEY")
    for anew in range(1, ANEW_LIMIT):
        assert isinstance(decide(job(50), wish, POLICY, Circumstances(NOW, 0.5, anew=anew)), Again)
    assert decide(job(1), wish, POLICY, Circumstances(NOW, 0.5, anew=ANEW_LIMIT)) == GiveUp(wish.code)


def test_every_error_of_the_catalogue_gets_a_decision() -> None:
    for error in catalogue().values():
        decision = decide(job(), error(), POLICY, Circumstances(NOW, 0.5))
        assert isinstance(decision, Again) == error.category.retry
