"""How the command line reaches a node: its settings, store and parts; what one noun alone needs is in NOUN_access."""

import asyncio
import getpass
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from node.cli.session import Session
from node.clock import SystemClock
from node.errors import NoAnswer, NodeError, PartnerUnknown
from node.model.answer import BusinessAnswer
from node.model.evidence import EvidenceFact
from node.model.exchange import Direction, Exchange, State
from node.model.ids import ExchangeId, NodeCode, sha256
from node.model.receipt import Receipt
from node.profiles.book import load_book
from node.settings import Settings, load_settings
from node.store import answers, audit, cancellations, evidence, exchanges, holds, queries, receipts, releases, retention
from node.store.answers import ToldAnswer
from node.store.cancellations import Cancellation
from node.store.database import Database, Tx
from node.store.holds import Hold
from node.store.owner import claim_store
from node.store.releases import Wait
from node.store.retention import Tombstone
from node.wire import receipt_from_bytes

if TYPE_CHECKING:
    from node.archive.log_check import LogReport, Progress
    from node.flows.examination import Between
    from node.flows.intake import Accepted
    from node.flows.ports import ActorName, Node

POLL_S = 0.2
"""How often --wait looks: a person does not notice."""

UNDER_WAY = frozenset({State.ACCEPTED, State.SEALED, State.UNRESOLVED})
"""What --wait waits through; everything else is an outcome or needs a human."""


def settings_of(session: Session) -> Settings:
    """The settings of the node at the session's home; raises HomeNotFound or SettingInvalid."""
    return load_settings(session.home, os.environ)


@contextmanager
def open_store(session: Session) -> Iterator[Database]:
    """What the node remembers, to read beside a running node; raises StoreVersion when it is of another version."""
    store = Database.open(settings_of(session).store_url)
    try:
        store.require_current()
        yield store
    finally:
        store.close()


def make_store(session: Session) -> None:
    """Make the store of a new home, after judging its settings, partners and profiles as a start would."""
    settings = settings_of(session)
    load_book(settings.profiles_folder, settings.home, settings.code)
    store = Database.open(settings.store_url)
    try:
        store.migrate()
        store.write(lambda tx: claim_store(tx, settings.code))
    finally:
        store.close()


def list_exchanges(
    session: Session,
    *,
    direction: Direction | None,
    partner: NodeCode | None,
    kind: str | None,
    states: frozenset[State],
    text: str,
    since: datetime | None,
    limit: int,
) -> list[Exchange]:
    """Exchanges that match, newest first; what is None or empty is not asked."""
    wanted = queries.ExchangeFilter(direction, partner, kind, states, text, since, limit)
    with open_store(session) as store:
        return store.read(lambda tx: queries.list_exchanges(tx, wanted))


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that the store tells about one exchange."""

    exchange: Exchange
    timeline: list[EvidenceFact]
    receipt: Receipt | None
    answer: ToldAnswer | None
    tombstone: Tombstone | None
    holds: list[Hold]
    wait: Wait | None
    cancellation: Cancellation | None


def everything_about(session: Session, prefix: str) -> Known:
    """The exchange with this beginning of an id, its timeline, receipt and answer; raises ExchangeUnknown."""

    def read(tx: Tx) -> Known:
        found = queries.find(tx, prefix)
        held = (receipts.settled if found.direction is Direction.OUT else receipts.issued)(tx, [found.id]).get(found.id)
        receipt = receipt_from_bytes(held.signed.receipt) if held else None
        return Known(
            exchange=found,
            timeline=evidence.timeline(tx, found.id),
            receipt=receipt,
            answer=answers.told(tx, [found.id]).get(found.id),
            tombstone=retention.tombstones(tx, [found.id]).get(found.id),
            holds=holds.holds_of(tx, found.id),
            wait=releases.waits(tx, [found.id]).get(found.id),
            cancellation=cancellations.of(tx, found.id),
        )

    with open_store(session) as store:
        return store.read(read)


def paper_of(session: Session, prefix: str) -> tuple[Exchange, bytes | None]:
    """The exchange with this beginning of an id, and its paper; None when that was purged. Raises ExchangeUnknown."""

    def read(tx: Tx) -> tuple[Exchange, bytes | None]:
        found = queries.find(tx, prefix)
        stored = exchanges.documents(tx, [found.id], fields=False).get(found.id)
        return found, stored.content if stored is not None else None

    with open_store(session) as store:
        return store.read(read)


def arrangements_with(session: Session, partner: NodeCode, direction: Direction) -> "Between":
    """What was agreed with a partner, at this moment. Raises HomeNotFound, SettingInvalid, ProfileInvalid."""
    from node.flows.examination import Between

    settings = settings_of(session)
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    return Between(book, partner, direction, SystemClock().now())


def export_evidence(
    session: Session, prefixes: Sequence[str], document: bytes | None = None
) -> Iterator[tuple[ExchangeId, bytes]]:
    """The evidence files of the exchanges with these ids, or beginnings of ids; `document` for one that was purged.

    Raises ExchangeUnknown, or EvidenceIncomplete when there is nothing to prove yet.
    """
    from node.archive.collect import export

    settings = settings_of(session)
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    with open_store(session) as store:
        for prefix in prefixes:
            found, data = export(store, settings, book, prefix, document)
            yield found.id, data


def run_node(session: Session) -> None:
    """Run the node until it is told to stop; raises NodeError when it cannot start."""
    from node import service  # brings the whole node; questions to the store do without it

    asyncio.run(service.run(settings_of(session)))


def hand_in(
    session: Session, content: bytes, partner: NodeCode, *, kind: str | None, key: str | None, wait_s: float | None
) -> Exchange:
    """Accept one paper into the node's store; a running node sends it on.

    Without a `key`, the same paper for the same partner is the same exchange. With `wait_s`, wait so many seconds for
    the outcome. Raises what `accept` refuses with, or NoAnswer when the time is over.
    """
    from node.flows.outbound import Submission, accept  # brings the whole node

    submission = Submission(content, partner, key or f"cli:{partner}:{sha256(content).hex()}", kind)
    with _wired(session) as node:
        (outcome,) = accept(node, [submission], _whoever_types())
    if isinstance(outcome, NodeError):
        raise outcome
    with open_store(session) as store:
        return _exchange(store, outcome.exchange) if wait_s is None else _settled(store, outcome.exchange, wait_s)


def announce(session: Session, partner: NodeCode) -> "Accepted":
    """Send our key statement to a partner; a running node carries it. Raises PartnerUnknown, NotAgreed."""
    from node.flows.control import announce_keys  # brings the whole node

    with _wired(session) as node:
        return announce_keys(node, partner, _whoever_types())


def give_answer(session: Session, prefix: str, decided: BusinessAnswer) -> "tuple[ExchangeId, Accepted]":
    """Answer the inbound exchange with this beginning of an id; a running node carries it.

    Raises ExchangeUnknown, NotAnswerable, AnsweredOtherwise, AnswerMalformed.
    """
    from node.flows.answering import answer  # brings the whole node

    (found,) = ids_of(session, [prefix])
    with _wired(session) as node:
        return found, answer(node, found, decided, _whoever_types())


def park_exchanges(session: Session, prefixes: Sequence[str], reason: str) -> dict[ExchangeId, State]:
    """Park the papers with these beginnings of ids, all or none. Raises ExchangeUnknown, IllegalMove."""
    from node.flows import parking  # brings the whole node

    ids = ids_of(session, prefixes)
    with _wired(session) as node:
        parking.park(node, ids, _whoever_types(), reason)
    return dict.fromkeys(ids, State.PARKED)


def resume_exchanges(session: Session, prefixes: Sequence[str], reason: str) -> dict[ExchangeId, State]:
    """Put parked papers back to work, all or none; a running node goes on with them.

    Raises ExchangeUnknown, NotParked.
    """
    from node.flows import parking  # brings the whole node

    ids = ids_of(session, prefixes)
    with _wired(session) as node:
        return parking.resume(node, ids, _whoever_types(), reason)


def ids_of(session: Session, prefixes: Sequence[str]) -> list[ExchangeId]:
    """The exchanges with these beginnings of ids, in this order. Raises ExchangeUnknown."""
    with open_store(session) as store:
        return store.read(lambda tx: [queries.find(tx, prefix).id for prefix in prefixes])


def audit_entries(
    session: Session, *, after: int | None, limit: int, partner: NodeCode | None, act: str | None
) -> list[audit.AuditEntry]:
    """Entries behind `after`, else the last ones; oldest first, at most `limit`."""
    with open_store(session) as store:
        if after is None:
            return store.read(lambda tx: audit.newest(tx, limit, partner=partner, act=act))
        return store.read(lambda tx: audit.entries(tx, after, limit, partner=partner, act=act))


def follow_audit(
    session: Session, after: int, *, partner: NodeCode | None, act: str | None
) -> Iterator[audit.AuditEntry]:
    """Entries behind `after` as they come, until the reader has had enough."""
    with open_store(session) as store:
        while True:
            for entry in store.read(partial(audit.entries, after=after, partner=partner, act=act)):
                after = entry.id
                yield entry
            time.sleep(POLL_S)


def check_logs(session: Session, partner: NodeCode | None, progress: "Progress") -> "list[LogReport]":
    """Work out our logs again from what is stored: those for all partners and the acts, or that for one partner.

    Raises PartnerUnknown when nothing was ever issued to `partner`, KeyFileTooOpen, KeyFileUnusable.
    """
    from node.archive import log_check
    from node.crypto.checkpoint_key import load_checkpoint_keys
    from node.store import log

    settings = settings_of(session)
    keys = [key.announce() for key in load_checkpoint_keys(settings.keys.folder)]
    with open_store(session) as store:
        known = store.read(lambda tx: log.partners(tx, settings.code))
        if partner is not None and partner not in known:
            raise PartnerUnknown(partner=partner)
        wanted = known if partner is None else [partner]
        reports = [log_check.check_receipts(store, settings.code, one, keys, progress) for one in wanted]
        return reports if partner else [*reports, log_check.check_acts(store, settings.code, keys, progress)]


def clear_alarm(session: Session, partner: NodeCode, reason: str) -> None:
    """A human has looked into a partner's rewritten log. Raises NoLogAlarm."""
    from node.flows import witness  # brings the whole node

    with _wired(session) as node:
        witness.clear(node, partner, _whoever_types(), reason)


@contextmanager
def _wired(session: Session) -> "Iterator[Node]":
    """The whole node at the session's home, beside a running one, for one act of a human."""
    from node.wiring import wire  # brings the whole node

    wired = wire(settings_of(session))
    try:
        yield wired.node
    finally:
        wired.close()


@contextmanager
def acting(session: Session, called: str | None = None) -> "Iterator[tuple[Node, ActorName]]":
    """The whole node for one act of a human, and who that is; `called`: which of those who share the account."""
    with _wired(session) as node:
        yield node, _whoever_types(called)


def _whoever_types(called: str | None = None) -> "ActorName":
    """Every human act names who: the account on this machine that typed the command, and the person if they say so."""
    from node.flows.ports import ActorName

    account = f"{getpass.getuser()}@{socket.gethostname()}"
    return ActorName(f"{called} ({account})" if called else account, "human")


def _exchange(store: Database, exchange: ExchangeId) -> Exchange:
    return store.read(lambda tx: exchanges.load(tx, [exchange]))[exchange]


def _settled(store: Database, exchange: ExchangeId, wait_s: float) -> Exchange:
    give_up = time.monotonic() + wait_s
    while (found := _exchange(store, exchange)).state in UNDER_WAY:
        if time.monotonic() >= give_up:
            raise NoAnswer(partner=found.partner, seconds=f"{wait_s:g}")
        time.sleep(POLL_S)
    return found
