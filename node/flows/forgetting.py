"""Forgetting by itself: what the arrangements say about keeping bodies, worked off in batches that hold nobody up.

What was ordered to go on a day goes first, then kind by kind what its arrangement says, then the rest.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from node.flows import endings
from node.flows.dated_papers import SYSTEM
from node.flows.ports import ActorName, Node
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State, may_move
from node.profiles.book import Book
from node.store import actors, evidence, exchanges, jobs, retention
from node.store.database import Tx
from node.store.retention import Lot, Portion

REASON = "its retention is over"
"""Why a body went whose time was over."""

BY_DATE = "purged at its date"
"""The cause of an exchange that its body's date ended."""


def purge_batch(node: Node, default_days: int, by: ActorName = SYSTEM) -> int:
    """Purge one batch of bodies whose time is over, and end what may not wait any longer; how many that were."""
    now = node.clock.now()
    portions = tuple(portions_of(node.book, default_days, now))

    def work(tx: Tx) -> int:
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        done = _end_overdue(tx, now) + retention.purge_ordered(tx, now)
        for portion in portions:
            left = retention.PURGE_BATCH - done
            if left <= 0:
                break
            done += retention.purge_bodies(tx, portion, actor, REASON, now, left)
        return done

    done = node.store.write(work)
    if done:
        node.report("bodies.purged", count=done)
    return done


def portions_of(book: Book, default_days: int, now: datetime) -> Iterator[Portion]:
    """Whose time is over at `now`: one portion or two for each kind with terms of its own, and one for all others."""
    default = now - timedelta(days=default_days)
    special: list[Lot] = []
    for profile in book.profiles:
        for kind in profile.kinds:
            terms = kind.terms.retention
            lot = Lot(profile.partner, profile.id, kind.name)
            if terms is None or lot in special:
                continue
            special.append(lot)
            end, valid = terms.days_after_end, terms.days_after_valid_until
            ended = default if end is None else now - timedelta(days=end)
            if valid is None:
                yield Portion(ended, lot)
                continue
            valid_before = (now - timedelta(days=valid)).date()
            if end is None:
                yield Portion(now, lot, valid_before=valid_before, dated=True)
                yield Portion(ended, lot, dated=False)
            else:
                yield Portion(ended, lot, valid_before=valid_before)
    yield Portion(default, other_than=tuple(special))


def _end_overdue(tx: Tx, now: datetime) -> int:
    """Bodies that go on their date although their exchange has not ended.

    What never left is EXPIRED. What may have left waits until its envelope has expired: nobody accepts it after that,
    and closing it needs no body. What the hub has not taken is not given to it any more.
    """
    ready = exchanges.load(tx, retention.overdue(tx, now))
    for one in ready.values():
        if one.direction is Direction.IN:
            jobs.remove(tx, one.id)
        elif one.message_id is None:
            expire(tx, one, BY_DATE, now)
    return retention.bury(tx, list(ready), now)


def expire(tx: Tx, exchange: Exchange, cause: str, now: datetime) -> None:
    """EXPIRED without having been sent, and nothing left to do; what was to follow it waits for a human."""
    movable = [state for state in State if may_move(Direction.OUT, state, State.EXPIRED)]
    if exchanges.move(tx, exchange.id, Direction.OUT, movable, State.EXPIRED, now, cause):
        evidence.add(tx, [EvidenceFact(exchange.id, now, Fact.EXPIRED, None, cause)])
        endings.ended(tx, [exchange], State.EXPIRED, now)
    jobs.remove(tx, exchange.id)
