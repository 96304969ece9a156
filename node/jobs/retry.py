"""When to try again: the one place where a failure becomes a next try or a task for a human. Pure and table-tested."""

from datetime import timedelta

from tenacity import RetryCallState, Retrying, wait_exponential

from node.errors import AttemptsUsedUp, NodeError, PartnerWantsAnew
from node.model.job import Again, Circumstances, GiveUp, Job, NextTry
from node.profiles.profile import RetryPolicy

ANEW_LIMIT = 3
"""Deferred KEY, BODY and SIGNATURE are answered by encrypting or signing anew; the third one parks (protocol 3)."""

JITTER = 0.2
"""Waits vary by this share either way, so that partners waiting on one outage do not come back in one wave."""


def decide(job: Job, error: NodeError, policy: RetryPolicy, at: Circumstances) -> NextTry:
    """The next try for `job` after `error`, or giving it up to a human.

    `job.attempts` counts this try. A partner's hint never shortens our own wait. Errors whose category is not worth
    repeating give up at once.
    """
    if not error.category.retry:
        return GiveUp(error.code)
    if isinstance(error, PartnerWantsAnew) and at.anew >= ANEW_LIMIT:
        return GiveUp(error.code)
    # Compared as numbers: a policy may never give up, and there is no endless timedelta.
    if (at.now - job.created_at) / timedelta(hours=1) >= policy.give_up_h:
        return GiveUp(AttemptsUsedUp.code)
    return Again(at.now + max(at.hint, timedelta(seconds=_wait_s(job.attempts, policy, at.luck))))


def _wait_s(attempt: int, policy: RetryPolicy, luck: float) -> float:
    """Exponential from first_s by factor up to max_s, by tenacity's own arithmetic, then jittered."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = max(attempt, 1)
    plain = wait_exponential(multiplier=policy.first_s, exp_base=policy.factor, max=policy.max_s)(state)
    return plain * (1 + JITTER * (2 * luck - 1))
