"""Files for a hub, many at once: each appears complete, and is on disk when `write_all` returns.

A file is written without a name (where the system can: under a hidden one), flushed, and given its name. What belongs
to one batch is flushed together, because a flush costs the disk as much for one file as for a hundred.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from node import kill_points
from node.hub.tree import Parts, opened

MODE = 0o640
"""The hub's group reads; others see nothing."""

FEW = 4
"""Up to here files are flushed one by one; more of them are cheaper by one flush of the whole file system."""

HIDDEN_NAMES = 100
"""Hidden names that are tried for one file."""

_NAMELESS = getattr(os, "O_TMPFILE", 0)
_NEW = os.O_WRONLY | os.O_CLOEXEC
_OURS = _NEW | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_SYNCFS = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files of one folder that belong together; the empty `mark` appears when all of `parts` are on disk."""

    folder: Parts
    parts: tuple[tuple[str, bytes], ...]
    mark: str = ""


@dataclass(slots=True)
class _Draft:
    """A written file that nobody sees yet; `hidden` is its name for the time being, empty when it has none."""

    fd: int
    hidden: str
    name: str
    content: bytes


def write_all(root: Path, bundles: Sequence[Bundle]) -> list[OSError | None]:
    """Write every bundle below `root`; for each, in order, None once all of it is on disk, or why it is not.

    No link is followed, neither in the place of a folder nor of a file.
    """
    outcomes: list[OSError | None] = [None] * len(bundles)
    folders: dict[Parts, list[int]] = {}
    for index, bundle in enumerate(bundles):
        folders.setdefault(bundle.folder, []).append(index)
    for folder, indices in folders.items():
        try:
            with opened(root, folder) as at:
                _write_folder(at, {index: bundles[index] for index in indices}, outcomes)
        except OSError as error:
            for index in indices:
                outcomes[index] = outcomes[index] or error
    return outcomes


def _write_folder(at: int, bundles: dict[int, Bundle], outcomes: list[OSError | None]) -> None:
    drafts: dict[int, list[_Draft]] = {}
    try:
        for index, bundle in bundles.items():
            drafts[index] = []
            for name, content in bundle.parts:
                try:
                    drafts[index].append(_draft(at, name, content))
                except OSError as error:
                    outcomes[index] = error
                    break
        good = [index for index in bundles if outcomes[index] is None]
        kill_points.reach("hub.files/unnamed")
        _in_one(at, [draft.fd for index in good for draft in drafts[index]], good, outcomes)
        for index in good:
            if outcomes[index] is None:
                outcomes[index] = _named(at, drafts[index])
    finally:
        for draft in (one for some in drafts.values() for one in some):
            _drop(at, draft)
    whole = [index for index in bundles if outcomes[index] is None]
    _in_one(at, [at], whole, outcomes)
    marked = [index for index in whole if outcomes[index] is None and bundles[index].mark]
    kill_points.reach("hub.files/unmarked")
    for index in marked:
        try:
            _mark(at, bundles[index].mark)
        except OSError as error:
            outcomes[index] = error
    if marked:
        _in_one(at, [at], marked, outcomes)


def _draft(at: int, name: str, content: bytes) -> _Draft:
    try:
        fd = os.open(".", _NEW | _NAMELESS, MODE, dir_fd=at) if _NAMELESS else -1
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            raise
        fd = -1
    return _hidden_draft(at, name, content) if fd < 0 else _filled(at, _Draft(fd, "", name, content))


def _hidden_draft(at: int, name: str, content: bytes) -> _Draft:
    # A name may be taken, by what a crash left or by somebody who wants to be in the way: then the next one.
    for number in range(HIDDEN_NAMES):
        hidden = f".{name}.{number}"
        with suppress(FileExistsError):
            return _filled(at, _Draft(os.open(hidden, _OURS, MODE, dir_fd=at), hidden, name, content))
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), hidden)


def _filled(at: int, draft: _Draft) -> _Draft:
    try:
        os.fchmod(draft.fd, MODE)
        rest = memoryview(draft.content)
        while rest:
            rest = rest[os.write(draft.fd, rest) :]
    except OSError:
        _drop(at, draft)
        raise
    return draft


def _drop(at: int, draft: _Draft) -> None:
    os.close(draft.fd)
    if draft.hidden:
        # It may be gone with its folder; what stays is hidden, and nobody waits for it.
        with suppress(OSError):
            os.unlink(draft.hidden, dir_fd=at)


def _mark(at: int, name: str) -> None:
    try:
        fd = os.open(name, _OURS, MODE, dir_fd=at)
    except FileExistsError:
        if not stat.S_ISREG(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            raise
        return
    try:
        os.fchmod(fd, MODE)
    finally:
        os.close(fd)


def _named(at: int, drafts: Sequence[_Draft]) -> OSError | None:
    try:
        for draft in drafts:
            if draft.hidden:
                _rename(at, draft)
            else:
                try:
                    os.link(f"/proc/self/fd/{draft.fd}", draft.name, dst_dir_fd=at, follow_symlinks=True)
                except FileExistsError:
                    _replace(at, draft)
    except OSError as error:
        return error
    return None


def _replace(at: int, draft: _Draft) -> None:
    """Written before a crash: a link cannot take a name that is taken, a file that is renamed can."""
    again = _hidden_draft(at, draft.name, draft.content)
    try:
        os.fsync(again.fd)
        _rename(at, again)
    finally:
        _drop(at, again)


def _rename(at: int, draft: _Draft) -> None:
    os.rename(draft.hidden, draft.name, src_dir_fd=at, dst_dir_fd=at)
    draft.hidden = ""


def _in_one(at: int, fds: Sequence[int], indices: Sequence[int], outcomes: list[OSError | None]) -> None:
    """Flush `fds`, all of which lie in the folder `at`; a failure is the failure of all these bundles."""
    try:
        if _SYNCFS is not None and len(fds) > FEW:
            if _SYNCFS(at):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        else:
            for fd in fds:
                os.fsync(fd)
    except OSError as error:
        for index in indices:
            outcomes[index] = error
