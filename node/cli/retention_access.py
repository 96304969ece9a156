"""How `n2n retention` reaches the store: what is kept and due, what purging and holding do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from node.cli.node_access import acting, ids_of, open_store, settings_of
from node.cli.session import Session
from node.clock import SystemClock
from node.errors import NothingToHold
from node.model.exchange import State
from node.model.ids import ExchangeId
from node.model.retention_terms import RetentionTerms
from node.profiles.book import Book, load_book
from node.store import holds, queries, retention
from node.store.database import Tx
from node.store.holds import Hold
from node.store.queries import ExchangeFilter
from node.store.retention import PURGE_BATCH, Lot


@dataclass(frozen=True, slots=True)
class Kept:
    """How long the bodies of a lot are kept, and how many are kept, due, held and gone."""

    lot: Lot
    terms: RetentionTerms | None
    default_days: int
    kept: int
    due: int
    held: int
    purged: int


def kept(session: Session) -> list[Kept]:
    """Every kind that is agreed or of which something was ever stored, by partner, arrangement and kind."""
    from node.flows.forgetting import portions_of

    settings, now = settings_of(session), SystemClock().now()
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    days = settings.body_retention_days
    due: dict[Lot, int] = {}

    def read(tx: Tx) -> list[retention.Keeping]:
        for portion in portions_of(book, days, now):
            for lot, count in retention.due(tx, portion, now).items():
                due[lot] = due.get(lot, 0) + count
        return retention.keeping(tx, now)

    with open_store(session) as store:
        stored = {one.lot: one for one in store.read(read)}
    terms = _terms(book)
    return [
        Kept(
            lot=lot,
            terms=terms.get(lot),
            default_days=days,
            kept=one.kept if (one := stored.get(lot)) else 0,
            due=due.get(lot, 0),
            held=one.held if one else 0,
            purged=one.purged if one else 0,
        )
        for lot in sorted({*terms, *stored})
    ]


def _terms(book: Book) -> dict[Lot, RetentionTerms | None]:
    found: dict[Lot, RetentionTerms | None] = {}
    for profile in book.profiles:
        for kind in profile.kinds:
            found.setdefault(Lot(profile.partner, profile.id, kind.name), kind.terms.retention)
    return found


def purge(session: Session, done: Callable[[int], None]) -> int:
    """Purge everything whose time is over, batch by batch; `done` hears how many are gone after each."""
    from node.flows.forgetting import purge_batch

    days, total = settings_of(session).body_retention_days, 0
    with acting(session) as (node, by):
        while count := purge_batch(node, days, by):
            total += count
            done(total)
    return total


def place_hold(
    session: Session,
    prefixes: Sequence[str],
    wanted: ExchangeFilter | None,
    *,
    reason: str,
    ends_at: datetime | None,
    called: str | None,
) -> Hold:
    """Hold the exchanges with these beginnings of ids, and all that match `wanted` now."""
    from node.flows import holding

    ids = ids_of(session, prefixes)
    if wanted is not None:
        with open_store(session) as store:
            ids += chain.from_iterable(queries.portions(store, wanted, PURGE_BATCH))
    if not ids:
        raise NothingToHold
    with acting(session, called) as (node, by):
        return holding.place(node, ids, by, reason, ends_at)


def release_hold(session: Session, number: int, reason: str, called: str | None) -> Hold:
    """End a hold. Raises HoldUnknown, HoldReleased, SecondActorNeeded."""
    from node.flows import holding

    with acting(session, called) as (node, by):
        return holding.release(node, number, by, reason)


def all_holds(session: Session, *, ended: bool) -> list[Hold]:
    """Holds in force, or (`ended`) all that ever were."""
    now = SystemClock().now()
    with open_store(session) as store:
        return [one for one in store.read(holds.holds) if ended or one.in_force(now)]


def release_exchange(session: Session, prefix: str, reason: str, called: str | None) -> dict[ExchangeId, State]:
    """Release the paper with this beginning of an id; raises ExchangeUnknown, NotWaiting, SecondActorNeeded."""
    from node.flows import releasing

    (found,) = ids_of(session, [prefix])
    with acting(session, called) as (node, by):
        return {found: releasing.release(node, found, by, reason)}
