"""Backups: the store's copy, what was counted in it, and the drill that proves that one can go back to it.

    node-XA-20261128T093000Z.db         the copy
    node-XA-20261128T093000Z.db.json    what it is: digest, counts, schema, moment

Keys, settings and certificates are not in it: they are kept apart, by whoever keeps keys (docs/reliability.md).
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

from node.archive.check import verify
from node.archive.collect import export
from node.archive.report import EvidenceVerdict
from node.clock import to_xml
from node.crypto.trust import load_certificates
from node.errors import BackupUnusable, EvidenceIncomplete, JsonError, StoreUnavailable
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode
from node.profiles.book import Book
from node.safe_json import Json, JsonLimits, parse
from node.settings import Settings
from node.store import actors, audit, backup, queries, schema
from node.store.actors import ActorKind
from node.store.backup import Progress
from node.store.database import Database, Tx

_LIMITS = JsonLimits(size_bytes=64 * 1024, depth=3)
"""A few dozen counts."""

_BLOCK = 1024 * 1024

PROVABLE = {
    Direction.OUT: frozenset({State.DELIVERED, State.ANSWERED, State.REFUSED}),
    Direction.IN: frozenset({State.RECEIVED, State.HANDED_OVER, State.ANSWERED}),
}
"""Exchanges with both a paper and a receipt."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: a file and what was written down about it when it was made."""

    path: Path
    code: NodeCode
    made_at: datetime
    schema: str
    size: int
    sha256: str
    counts: Mapping[str, int]

    @property
    def note(self) -> Path:
        """Where that is written down."""
        return self.path.with_name(f"{self.path.name}.json")

    @classmethod
    def read(cls, path: Path) -> Self:
        """The backup in `path`, by its note; its bytes are looked at by `require_whole`. Raises BackupUnusable."""
        try:
            said = parse(path.with_name(f"{path.name}.json").read_bytes(), _LIMITS)
            if not isinstance(said, dict) or not isinstance(counts := said["counts"], dict):
                raise ValueError("not the note of a backup")
            return cls(
                path=path,
                code=NodeCode(_text(said, "code")),
                made_at=datetime.fromisoformat(_text(said, "made_at")),
                schema=_text(said, "schema"),
                size=_whole(said, "bytes"),
                sha256=_text(said, "sha256"),
                counts={name: _whole(counts, name) for name in counts},
            )
        except OSError as error:
            raise BackupUnusable(path=path, detail=f"its note: {error.strerror}") from error
        except (ValueError, KeyError, JsonError) as error:
            raise BackupUnusable(path=path, detail="its note says something else than notes of backups do") from error

    def require_whole(self) -> None:
        """Raise BackupUnusable unless the file is, byte for byte, what was made, and SQLite finds no fault in it."""
        try:
            size, digest = self.path.stat().st_size, _digest(self.path)
        except OSError as error:
            raise BackupUnusable(path=self.path, detail=error.strerror or "it cannot be read") from error
        if (size, digest) != (self.size, self.sha256):
            raise BackupUnusable(path=self.path, detail="its bytes are not those that were made")
        if found := backup.faults(self.path):
            raise BackupUnusable(path=self.path, detail=found[0])


def _text(value: Mapping[str, Json], name: str) -> str:
    text = value[name]
    if not isinstance(text, str):
        raise ValueError(name)
    return text


def _whole(value: Mapping[str, Json], name: str) -> int:
    number = value[name]
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError(name)
    return number


def take(settings: Settings, folder: Path, now: datetime, progress: Progress) -> Backup:
    """Copy the store into `folder`, beside a running node, and check the copy before it is called a backup.

    Raises BackupUnusable, StoreUnavailable; then `folder` is as it was.
    """
    source = backup.path_of(settings.store_url)
    path = folder / f"node-{settings.code}-{now:%Y%m%dT%H%M%SZ}.db"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(detail=f"{folder}: {error.strerror}") from error
    counted = backup.copy(source, path, progress)
    try:
        made = Backup(path, settings.code, now, _schema_of(path), path.stat().st_size, _digest(path), counted)
        made.require_whole()
        if backup.counts(path) != counted:
            raise BackupUnusable(path=path, detail="it does not hold as many rows as the store had")
        _write_note(made)
    except BaseException:
        _discard(path)
        raise
    return made


def _schema_of(path: Path) -> str:
    store = Database.open(f"sqlite:///{path}")
    try:
        return store.read(schema.found) or ""
    finally:
        store.close()


def _write_note(made: Backup) -> None:
    note = {
        "bytes": made.size,
        "code": made.code,
        "counts": dict(made.counts),
        "made_at": to_xml(made.made_at),
        "schema": made.schema,
        "sha256": made.sha256,
    }
    try:
        with made.note.open("x", encoding="utf-8") as file:
            json.dump(note, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        backup.flush(made.note.parent)
    except OSError as error:
        raise StoreUnavailable(detail=f"{made.note}: {error.strerror}") from error


def _discard(path: Path) -> None:
    for ending in ("", "-wal", "-shm", ".json"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Restored:
    """What going back came to: papers that partners are asked about, and where the store before it lies, if any."""

    asked_about: tuple[ExchangeId, ...]
    before: Path | None


def restore(
    made: Backup, settings: Settings, now: datetime, actor: str, *, replace: bool, progress: Progress
) -> Restored:
    """Put a backup in the place of the node's store; the caller holds the node's lock.

    What is there already is moved aside, never deleted, and only with `replace`; not before the backup lies beside it
    whole, migrated and marked, so that no failure leaves the node without a store, to begin an empty one. Raises
    BackupUnusable, StoreUnavailable, StoreVersion for a backup of a newer program.
    """
    if made.code != settings.code:
        raise BackupUnusable(path=made.path, detail=f"it is of node {made.code}, this is {settings.code}")
    made.require_whole()
    target = backup.path_of(settings.store_url)
    there = _exists(target, replace)
    beside = target.with_name(f"{target.name}.restoring")
    _discard(beside)
    backup.copy(made.path, beside, progress)
    try:
        store = Database.open(f"sqlite:///{beside}")
        try:
            store.migrate()
            asked = store.write(lambda tx: _mark(tx, made, now, actor))
        finally:
            store.close()
        before = _move_aside(target, now) if there else None
        try:
            _rename(beside, target)
        except StoreUnavailable:
            if before is not None:
                _rename(before, target)
            raise
    except BaseException:
        _discard(beside)
        raise
    return Restored(tuple(asked), before)


def _mark(tx: Tx, made: Backup, now: datetime, actor: str) -> list[ExchangeId]:
    asked = backup.mark_restored(tx, now)
    who = actors.ensure(tx, actor, ActorKind.HUMAN, now)
    detail = {"made_at": to_xml(made.made_at), "sha256": made.sha256, "asked_about": str(len(asked))}
    audit.add(tx, who, "restored", "store", detail, now)
    return asked


def _exists(target: Path, replace: bool) -> bool:
    if not target.exists():
        return False
    if not replace:
        raise BackupUnusable(path=target, detail="a store is there already; --replace moves it aside")
    return True


def _move_aside(target: Path, now: datetime) -> Path:
    aside = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%SZ}")
    _rename(target, aside)
    return aside


def _rename(store: Path, name: Path) -> None:
    """The name of a store, with what SQLite keeps beside it; on the disk when this returns. Raises StoreUnavailable."""
    try:
        for ending in ("-wal", "-shm", ""):
            part = store.with_name(store.name + ending)
            if part.exists():
                part.rename(name.with_name(name.name + ending))
        backup.flush(name.parent)
    except OSError as error:
        raise StoreUnavailable(detail=f"{store}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Drill:
    """What a rehearsal showed: tables that differ from what was counted, and verdicts over evidence files."""

    differing: tuple[str, ...]
    verdicts: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Whether nothing differs and every paper proves itself; whose authorities to trust is the reader's to say."""
        return not self.differing and set(self.verdicts) <= {EvidenceVerdict.OK.value, EvidenceVerdict.UNTRUSTED.value}


def drill(made: Backup, settings: Settings, book: Book, scratch: Path, most: int, progress: Progress) -> Drill:
    """Rehearse a restore in the empty folder `scratch`: counts compared, the newest `most` papers proved and verified.

    The live store is not touched. Raises BackupUnusable, StoreUnavailable, StoreVersion.
    """
    made.require_whole()
    copied = scratch / "node.db"
    backup.copy(made.path, copied, progress)
    found = backup.counts(copied)
    store = Database.open(f"sqlite:///{copied}")
    try:
        differing = tuple(sorted(name for name in {*found, *made.counts} if found.get(name) != made.counts.get(name)))
        store.migrate()
        verdicts: dict[str, int] = {}
        for verdict in _verdicts(store, settings, book, most):
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
    finally:
        store.close()
    return Drill(differing, verdicts)


def _verdicts(store: Database, settings: Settings, book: Book, most: int) -> Iterator[str]:
    anchors_of = {partner.code: partner.trust.anchors for partner in book.partners}
    anchors_of[settings.code] = load_certificates(settings.keys.sign_certificate)[1:]
    for direction, states in PROVABLE.items():
        wanted = queries.ExchangeFilter(direction, None, None, states, "", None, most)
        for one in store.read(partial(queries.list_exchanges, wanted=wanted)):
            try:
                _, data = export(store, settings, book, one.id)
            except EvidenceIncomplete as error:
                yield error.code
                continue
            yield verify(data, anchors_of=anchors_of).verdict.value
