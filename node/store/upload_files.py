"""Ciphertext of uploads as files beside the database, a folder for each partner that sent it.

    <root>/<PARTNER>/<SHA-256>               whole: the digest matched, and all of it is on the disk
    <root>/<PARTNER>/<SHA-256>.<size>.part   what has come of it so far, from its first byte on

A partner sees its own folder and no other, so what is unknown and what is another's look the same. A part is locked by
whoever writes it; the lock ends with its process.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final

from node.errors import Malformed, StoreUnavailable, UploadBusy, UploadMisplaced, UploadsFull, UploadUnlike
from node.model.ids import Digest, NodeCode
from node.model.upload import UploadProgress

PART: Final = ".part"
_BLOCK: Final = 1024 * 1024
_ONLY_OURS: Final = 0o600


class UploadFiles:
    """The folder of uploads; safe from any thread and from several processes on one machine."""

    def __init__(self, root: Path, quota_bytes: int) -> None:
        """`quota_bytes`: what one partner may have here, whole or in part; 0 and more."""
        self._root = root
        self._quota = quota_bytes
        self._lock = Lock()

    def progress(self, partner: NodeCode, sha256: Digest, size: int) -> UploadProgress:
        """How much of it is held. Raises Malformed when it is here and not of that size, StoreUnavailable."""
        with _available():
            whole = _length(self.path(partner, sha256))
            if whole is not None:
                _require_size(whole, size)
                return UploadProgress(size, complete=True)
            return UploadProgress(_length(self._part(partner, sha256, size)) or 0, complete=False)

    def path(self, partner: NodeCode, sha256: Digest) -> Path:
        """Where the whole of it lies, once it does."""
        return self._root / partner / sha256.hex()

    def begin(self, partner: NodeCode, sha256: Digest, size: int) -> "Receiving":
        """Begin or go on. Raises UploadBusy, UploadsFull, StoreUnavailable."""
        part = self._part(partner, sha256, size)
        with self._lock, _available():
            if not part.exists():
                self._require_room(partner, size)
            part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _ONLY_OURS)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had the lock may have finished it, or thrown it away, between our two steps.
            if not _is_at(fd, part):
                raise BlockingIOError
        except OSError as error:
            os.close(fd)
            raise UploadBusy from error
        return Receiving(fd, part, self.path(partner, sha256), sha256, size)

    def keep(self, partner: NodeCode, pieces: Iterable[bytes]) -> Digest:
        """Store ciphertext of our own, on the disk when this returns; its digest names it. Raises StoreUnavailable.

        What `pieces` raises leaves nothing behind.
        """
        folder, digest = self._root / partner, hashlib.sha256()
        with _available():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd, draft = tempfile.mkstemp(PART, dir=folder)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            with open(fd, "wb", closefd=False) as file:
                for piece in pieces:
                    digest.update(piece)
                    with _available():
                        file.write(piece)
                with _available():
                    file.flush()
                    os.fsync(fd)
            name = Digest(digest.digest())
            with _available():
                os.rename(draft, folder / name.hex())
                _sync_folder(folder)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        return name

    def taken(self, partner: NodeCode) -> int:
        """Bytes that the partner's uploads take or will take."""
        with _available():
            try:
                return sum(map(_claimed, (self._root / partner).iterdir()))
            except FileNotFoundError:
                return 0

    def collect(self, before: datetime, kept: Collection[tuple[NodeCode, Digest]] = ()) -> int:
        """Delete what nobody wrote to since `before` and is not `kept`; how many files that were.

        What is being written at this moment is left alone.
        """
        names = {(partner, digest.hex()) for partner, digest in kept}
        old = before.timestamp()
        gone = 0
        with _available():
            for file in self._root.glob("*/*"):
                if (file.parent.name, file.name) not in names and file.stat().st_mtime < old and _delete_unlocked(file):
                    gone += 1
        return gone

    def _part(self, partner: NodeCode, sha256: Digest, size: int) -> Path:
        return self._root / partner / f"{sha256.hex()}.{size}{PART}"

    def _require_room(self, partner: NodeCode, size: int) -> None:
        taken = self.taken(partner)
        if taken + size > self._quota:
            raise UploadsFull(partner=partner, taken=taken, quota=self._quota)


class Receiving:
    """One upload that is being written. `put` and `end` one at a time; `close` whenever, and more than once."""

    def __init__(self, fd: int, part: Path, whole: Path, sha256: Digest, size: int) -> None:
        self._fd = fd
        self._part = part
        self._whole = whole
        self._sha256 = sha256
        self._size = size
        self._held = os.fstat(fd).st_size
        self._open = True
        self._lock = Lock()

    def put(self, offset: int, data: bytes) -> None:
        """Write what comes next. Raises UploadMisplaced, Malformed, StoreUnavailable; then nothing of it is kept."""
        with self._lock, _available():
            if offset != self._held:
                raise UploadMisplaced(offset=offset, held=self._held)
            if offset + len(data) > self._size:
                raise Malformed(field="Chunk.data", rule="ends within size")
            self._require_open()
            try:
                rest, at = memoryview(data), offset
                while rest:
                    written = os.pwrite(self._fd, rest, at)
                    rest, at = rest[written:], at + written
            except OSError:
                os.ftruncate(self._fd, self._held)
                raise
            self._held = at

    def end(self) -> UploadProgress:
        """What is held now, on the disk; whole once its digest matched. Raises UploadUnlike, StoreUnavailable."""
        with self._lock, _available():
            self._require_open()
            os.fsync(self._fd)
            if self._held < self._size:
                return UploadProgress(self._held, complete=False)
            if _digest(self._fd, self._size) != self._sha256:
                self._part.unlink(missing_ok=True)
                raise UploadUnlike(size=self._size)
            os.rename(self._part, self._whole)
            _sync_folder(self._whole.parent)
            return UploadProgress(self._size, complete=True)

    def close(self) -> None:
        """Let it go. Of a part that holds nothing nothing stays."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            if self._held == 0:
                self._part.unlink(missing_ok=True)
            os.close(self._fd)

    def _require_open(self) -> None:
        if not self._open:
            raise StoreUnavailable(detail="the upload was let go")


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(detail=f"uploads: {error.strerror}") from error


def _require_size(held: int, size: int) -> None:
    if held != size:
        raise Malformed(field="Chunk.size", rule="is the size of the content that the digest names")


def _length(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _claimed(file: Path) -> int:
    """A part counts with the size that was announced: its room is promised."""
    if file.suffix == PART:
        return int(file.name.split(".")[1])
    return _length(file) or 0


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def _digest(fd: int, size: int) -> bytes:
    digest = hashlib.sha256()
    at = 0
    while at < size and (block := os.pread(fd, _BLOCK, at)):
        digest.update(block)
        at += len(block)
    return digest.digest()


def _delete_unlocked(file: Path) -> bool:
    try:
        fd = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        file.unlink(missing_ok=True)
        return True
    finally:
        os.close(fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
