"""How `n2n db` reaches the store of a node, running or stopped."""

import getpass
import socket
import tempfile
from pathlib import Path

from node.archive import backups
from node.archive.backups import Backup, Drill, Restored
from node.cli.node_access import open_store, settings_of
from node.cli.session import Session
from node.clock import SystemClock
from node.profiles.book import load_book
from node.store import backup
from node.store.backup import Progress


def take_backup(session: Session, folder: Path, progress: Progress) -> Backup:
    """Copy the store into `folder`. Raises BackupUnusable, StoreUnavailable, StoreVersion."""
    with open_store(session):
        return backups.take(settings_of(session), folder, SystemClock().now(), progress)


def restore_backup(session: Session, file: Path, replace: bool, progress: Progress) -> Restored:
    """Go back to a backup while the node stands still. Raises AlreadyRunning, BackupUnusable, StoreUnavailable."""
    from node.service import only_one  # brings the whole node

    settings, actor = settings_of(session), f"{getpass.getuser()}@{socket.gethostname()}"
    made = Backup.read(file)
    with only_one(settings.home):
        return backups.restore(made, settings, SystemClock().now(), actor, replace=replace, progress=progress)


def drill_backup(session: Session, file: Path | None, papers: int, progress: Progress) -> tuple[Backup, Drill]:
    """Rehearse going back to `file`, or to a backup made for it. Raises BackupUnusable, StoreUnavailable."""
    settings = settings_of(session)
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    with tempfile.TemporaryDirectory(prefix="n2n-drill-", dir=settings.home) as scratch:
        folder = Path(scratch)
        made = Backup.read(file) if file is not None else take_backup(session, folder / "made", progress)
        return made, backups.drill(made, settings, book, folder, papers, progress)


def check_store(session: Session) -> list[str]:
    """What is wrong with the store; nothing when it is whole. Raises StoreVersion, BackupUnusable."""
    found = backup.faults(backup.path_of(settings_of(session).store_url))
    if not found:
        with open_store(session):
            pass
    return found
