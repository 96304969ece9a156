"""Witnessing a partner's log: each of its answers must show a log that continues what it showed before (protocol 3).

What it proves: the partner's log was not rewritten since we last looked. A log that shrank or forked raises an alarm,
and from then on ABSENT from that partner only parks, until a human clears it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from node import merkle
from node.crypto.checkpoints import claimed_checkpoint, verify_checkpoint
from node.crypto.key_statement import announcement_from_xml
from node.crypto.keys import AnnouncedKey, KeyUse
from node.errors import CheckpointRefused, KeyStatementRefused, LogForked, NoLogAlarm
from node.flows.ports import ActorName, Node
from node.model.checkpoint import Checkpoint
from node.model.ids import NodeCode
from node.model.receipt import DeliverResponse
from node.store import actors, audit, partner_keys, witnessed
from node.store.database import Tx

_STATEMENTS_KEPT = 64
"""Key statements kept parsed: one for each partner, and some to spare."""


@dataclass(frozen=True, slots=True)
class Known:
    """What we hold about a partner's log before a call: the checkpoint to name, and the keys that may sign the next."""

    note: bytes = b""
    keys: tuple[AnnouncedKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """What an answer showed of the partner's log."""

    partner: NodeCode
    named: bytes
    shown: Checkpoint | None = None
    forked: LogForked | None = None
    refused: CheckpointRefused | None = None

    @property
    def covers(self) -> int | None:
        """The size of a log that holds the stored receipts of this answer; None when none was believed."""
        return None if self.shown is None or self.forked is not None else self.shown.size


def known(tx: Tx, partner: NodeCode) -> Known:
    """What to name in the next call to `partner`, and with which keys to judge what comes back."""
    statement = partner_keys.current(tx, partner)
    return Known(witnessed.known(tx, partner), () if statement is None else _checkpoint_keys(statement.document))


def look(partner: NodeCode, us: NodeCode, before: Known, response: DeliverResponse, now: datetime) -> Sight:
    """Judge the checkpoint of an answer against the one that its call named; nothing is raised.

    A partner that announces no checkpoint key is asked for nothing.
    """
    if not before.keys or not response.checkpoint:
        return Sight(partner, before.note)
    try:
        shown = verify_checkpoint(response.checkpoint, partner, us, before.keys, now)
    except CheckpointRefused as refused:
        return Sight(partner, before.note, refused=refused)
    if not before.note:
        return Sight(partner, before.note, shown)
    held = claimed_checkpoint(before.note, partner, us)
    if _follows(held, shown, response):
        return Sight(partner, before.note, shown)
    return Sight(partner, before.note, shown, LogForked(partner=partner, known=held.size, shown=shown.size))


def remember(node: Node, tx: Tx, sight: Sight, now: datetime) -> Sight:
    """Keep the larger checkpoint, or raise the alarm; what is missing or unusable is reported and does no harm.

    What comes back is the sight beside what is known by now: another call may have been quicker.
    """
    if sight.forked is not None and sight.shown is not None:
        _raise_alarm(node, tx, sight.named, sight.shown, sight.forked, now)
    elif sight.refused is not None:
        node.report("alarm.checkpoint-refused", partner=sight.partner, error=sight.refused)
    elif sight.shown is None:
        if sight.named:
            node.report("witness.checkpoint-missing", partner=sight.partner)
    elif sight.shown.note != sight.named and not witnessed.advance(tx, sight.named, sight.shown):
        return _overtaken(node, tx, sight, sight.shown, now)
    return sight


def _overtaken(node: Node, tx: Tx, sight: Sight, shown: Checkpoint, now: datetime) -> Sight:
    """Another call came first: what follows from the same checkpoint may lie on two branches.

    Of one size they must be one. Of two sizes nothing here proves either, and no receipt is told to be in that log.
    """
    note = witnessed.known(tx, sight.partner)
    unproved = replace(sight, shown=None)
    if not note:
        return unproved
    held = claimed_checkpoint(note, sight.partner, shown.partner)
    if held.size != shown.size:
        return unproved
    if held.root == shown.root:
        return sight
    forked = LogForked(partner=sight.partner, known=held.size, shown=shown.size)
    _raise_alarm(node, tx, note, shown, forked, now)
    return replace(sight, named=note, forked=forked)


def doubted(tx: Tx, partner: NodeCode) -> bool:
    """Whether ABSENT from this partner may only park: its log is known to be rewritten."""
    return witnessed.alarm(tx, partner) is not None


def clear(node: Node, partner: NodeCode, by: ActorName, reason: str) -> witnessed.Alarm:
    """A human has looked: forget the alarm and the checkpoint, so that the next one shown is the first.

    Raises NoLogAlarm. Parked exchanges stay parked: each is resumed by itself.
    """
    now = node.clock.now()

    def commit(tx: Tx) -> witnessed.Alarm:
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        audit.add(tx, actor, witnessed.CLEARED, partner, {"partner": partner, "reason": reason}, now)
        alarm = witnessed.clear(tx, partner)
        if alarm is None:
            raise NoLogAlarm(partner=partner)
        return alarm

    return node.store.write(commit)


def _follows(held: Checkpoint, shown: Checkpoint, response: DeliverResponse) -> bool:
    """Whether the answer proves that the log it shows begins with the one we know."""
    nodes: tuple[bytes, ...] = ()
    if response.proof is not None:
        if response.proof.from_size != held.size:
            return False
        nodes = response.proof.nodes
    return merkle.verify_consistency(held.size, shown.size, held.root, shown.root, nodes)


def _raise_alarm(node: Node, tx: Tx, named: bytes, shown: Checkpoint, forked: LogForked, now: datetime) -> None:
    if not witnessed.known(tx, shown.signer):
        # A human cleared it while this call was under way; what the next one shows is the first.
        return
    held = claimed_checkpoint(named, shown.signer, shown.partner)
    sizes = {"known_size": str(held.size), "shown_size": str(shown.size)}
    node.report(f"alarm.{witnessed.FORKED}", partner=shown.signer, **sizes, error=forked)
    if not witnessed.raise_alarm(tx, witnessed.Alarm(shown.signer, now, named, shown.note)):
        return
    # A log that shrank has lost its last entries; of one that forked, any that we were ever shown may be another now.
    lost = witnessed.uncovered(tx, shown.signer, shown.size if shown.size < held.size else 0)
    detail = {
        "partner": shown.signer,
        **sizes,
        "known_root": held.root.hex(),
        "shown_root": shown.root.hex(),
        "known_checkpoint": named.decode("utf-8"),
        "shown_checkpoint": shown.note.decode("utf-8"),
        "entries": "our receipts by this partner that its log may not hold any more",
        "entries_count": str(lost.count),
        "entries_first": " ".join(lost.first),
    }
    actor = actors.ensure(tx, "witness", actors.ActorKind.SYSTEM, now)
    audit.add(tx, actor, witnessed.FORKED, shown.signer, detail, now)


@lru_cache(_STATEMENTS_KEPT)
def _checkpoint_keys(statement: bytes) -> tuple[AnnouncedKey, ...]:
    """The checkpoint keys of a stored statement. It was verified before it was stored.

    Whether its signer still is the partner's is not asked again: these keys open no door, they can only raise alarms.
    And one that cannot be read, as no stored one should be, must not hold papers up.
    """
    try:
        announced = announcement_from_xml(statement).keys
    except KeyStatementRefused:
        return ()
    return tuple(key for key in announced if key.use is KeyUse.CHECKPOINT)
