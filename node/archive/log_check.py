"""Working our logs out again from what is stored, and naming the first entry that does not fit.

    report = check_receipts(store, code, partner, keys, progress)
    report.broken, report.covered

Signed checkpoints decide: whoever can write to the store can make rows fit each other, but not what was signed before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from node.crypto.checkpoints import ACTS, verify_checkpoint
from node.crypto.keys import AnnouncedKey
from node.errors import CheckpointRefused, LogBroken
from node.merkle import leaf_hash
from node.model.ids import NodeCode
from node.store import audit, log, tree, witnessed
from node.store.database import Database, Tx

PAGE = 500
"""Entries read at once: a log of any length needs little memory, and readers beside us wait for nothing."""

Progress = Callable[[str, int, int], None]
"""Told how many entries of how many of a log have been looked at."""

Heads = Mapping[int, bytes]
"""What was signed: root, or link of the last act, by size."""


@dataclass(frozen=True, slots=True)
class LogReport:
    """What checking one log came to; `covered` is how many entries, from the first, signed checkpoints vouch for."""

    log: str
    entries: int
    checkpoints: int
    covered: int
    broken: LogBroken | None = None


def check_receipts(
    store: Database, code: NodeCode, partner: NodeCode, keys: Sequence[AnnouncedKey], progress: Progress
) -> LogReport:
    """The log of receipts that we issued to `partner`: places, tree, and the checkpoints that we signed."""
    name = f"{code}/{partner}"

    def read(tx: Tx) -> tuple[int, int, Mapping[int, bytes]]:
        size = log.size_of(tx, partner)
        beyond = len(log.receipts(tx, partner, size, 1)) + log.unlogged(tx, partner)
        return size, beyond, log.issued(tx, partner)

    size, beyond, notes = store.read(read)
    try:
        heads = _heads(name, notes, code, partner, keys)
        _require_receipts(store, name, partner, size, heads, progress)
        if beyond:
            raise LogBroken(log=name, entry=size + 1, detail="there are receipts that the log does not count")
    except LogBroken as broken:
        return LogReport(name, size, len(notes), 0, broken)
    return LogReport(name, size, len(notes), max(heads, default=0))


def check_acts(store: Database, code: NodeCode, keys: Sequence[AnnouncedKey], progress: Progress) -> LogReport:
    """The chain of our own acts, and the ends of it that we signed."""
    name = f"{code}/{ACTS}"
    last, notes = store.read(lambda tx: (audit.last(tx)[0], log.issued(tx, code)))
    count = 0
    try:
        heads = _heads(name, notes, code, ACTS, keys)
        count = _require_acts(store, name, last, heads, progress)
    except LogBroken as broken:
        return LogReport(name, last, len(notes), 0, broken)
    return LogReport(name, count, len(notes), max(heads, default=0))


def _heads(name: str, notes: Mapping[int, bytes], code: NodeCode, partner: str, keys: Sequence[AnnouncedKey]) -> Heads:
    """What the kept checkpoints say, each proved to be ours; a key that ended still proves what it signed."""
    heads = {}
    for size, note in notes.items():
        try:
            head = verify_checkpoint(note, code, partner, keys, None)
        except CheckpointRefused as error:
            detail = f"the checkpoint kept for it cannot be used: {error.fields['detail']}"
            raise LogBroken(log=name, entry=size, detail=detail) from error
        if head.size != size:
            raise LogBroken(log=name, entry=size, detail="the checkpoint kept for it is that of another size")
        heads[size] = head.root
    return heads


def _require_receipts(
    store: Database, name: str, partner: NodeCode, size: int, heads: Heads, progress: Progress
) -> None:
    edge: list[bytes] = []
    at = proved = 0
    while at < size:
        wanted = min(PAGE, size - at)
        page = store.read(partial(log.receipts, partner=partner, start=at, limit=wanted))
        grown = _grown(name, page, at, edge, wanted)
        numbers = [number for made, _ in grown for number, _ in made]
        stored = store.read(partial(log.nodes, partner=partner, numbers=numbers))
        for entry, (made, root) in enumerate(grown, at + 1):
            what = f"receipt {page[entry - at - 1].message_id}"
            if any(stored.get(number) != node for number, node in made):
                raise LogBroken(log=name, entry=entry, detail=f"{what} is not the one that was logged")
            if heads.get(entry, root) != root:
                detail = f"what was signed for {entry} entries is not what they are; those up to {proved} are"
                raise LogBroken(log=name, entry=entry, detail=detail)
            proved = entry if entry in heads else proved
        at += len(page)
        progress(name, at, size)
    _require_none_beyond(name, size, heads)


def _grown(
    name: str, page: Sequence[log.Logged], at: int, edge: list[bytes], wanted: int
) -> list[tuple[list[tuple[int, bytes]], bytes]]:
    """For each receipt of the page, the nodes that it makes whole and the root with it."""
    grown = []
    for index, one in enumerate(page, at):
        if one.index != index:
            raise LogBroken(log=name, entry=index + 1, detail="its receipt is missing")
        made = tree.grow(index, edge, [leaf_hash(one.receipt)])
        grown.append((made, tree.fold(edge)))
    if len(page) < wanted:
        raise LogBroken(log=name, entry=at + len(page) + 1, detail="its receipt is missing")
    return grown


def _require_acts(store: Database, name: str, last: int, heads: Heads, progress: Progress) -> int:
    """How many acts there are up to the last one."""
    link, after, count, proved = audit.FIRST_LINK, 0, 0, 0
    unmet = sorted(heads, reverse=True)
    doubted: dict[str, int] = {}
    while page := store.read(partial(audit.acts, after=after, limit=PAGE)):
        for act in page:
            if unmet and unmet[-1] < act.id:
                raise LogBroken(log=name, entry=unmet[-1], detail="it was signed, and there is no act of that number")
            if act.link is None or not act.follows(link):
                detail = "it was changed, or one before it was changed, moved or taken away"
                raise LogBroken(log=name, entry=act.id, detail=detail)
            if heads.get(act.id, act.link) != act.link:
                detail = f"what was signed up to it is not what is there; up to {proved} it is"
                raise LogBroken(log=name, entry=act.id, detail=detail)
            if act.id in heads:
                proved = unmet.pop()
            witnessed.follow(doubted, act)
            link, after, count = act.link, act.id, count + 1
        progress(name, min(after, last), last)
    _require_none_beyond(name, after, heads)
    _require_alarms(store, name, doubted)
    return count


def _require_alarms(store: Database, name: str, doubted: Mapping[str, int]) -> None:
    """What raised an alarm that nobody cleared must still stand: without it ABSENT would end papers again."""
    standing = store.read(witnessed.doubted)
    for partner, entry in doubted.items():
        if partner not in standing:
            detail = f"the alarm about {partner} that it raised is gone, and nobody cleared it"
            raise LogBroken(log=name, entry=entry, detail=detail)


def _require_none_beyond(name: str, size: int, heads: Heads) -> None:
    if (signed := max(heads, default=0)) > size:
        raise LogBroken(log=name, entry=size + 1, detail=f"{signed} entries were signed, and only {size} are there")
