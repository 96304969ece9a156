"""Attachments in the folder hub: a folder NAME.files beside the paper NAME, read and written a piece at a time."""

import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO, Final

from node.errors import HubUnavailable, NodeError, SubmissionUnreadable
from node.hub.files import MODE
from node.hub.tree import Parts, opened
from node.model.attached import HandedFile
from node.model.hub import HubPaper

FILES: Final = ".files"

MOST: Final = 64
"""More than any paper may have: what stands in such a folder is listed no further."""

_SAFE: Final = re.compile(r"[^\W_][\w.() -]{0,100}")
_MOST_BYTES: Final = 200
"""A name is at most 255 bytes on disks, and a letter up to four."""

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_MEDIA_TYPES: Final = {
    ".csv": "text/csv",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".zip": "application/zip",
}


def handed_files(root: Path, folder: Parts) -> tuple[HandedFile, ...]:
    """What the hub put beside a paper, by name; nothing when there is no such folder. Raises SubmissionUnreadable."""
    try:
        with opened(root, folder) as at:
            names = sorted(os.listdir(at))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SubmissionUnreadable(name=folder[-1], detail=error.strerror or "cannot be read") from error
    for name in names[:MOST]:
        if not _SAFE.fullmatch(name):
            raise SubmissionUnreadable(name=folder[-1], detail="a file in it has a name that is not allowed")
    return tuple(
        HandedFile(
            name,
            _MEDIA_TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream"),
            partial(_open, root, folder, name),
        )
        for name in names[:MOST]
    )


def _open(root: Path, folder: Parts, name: str) -> BinaryIO:
    with opened(root, folder) as at:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    file = open(fd, "rb")  # noqa: SIM115 (handed on)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        file.close()
        raise OSError(0, "it is not a regular file")
    return file


def move_folder(name: str, here: int, there: int) -> None:
    """Move a folder of files with its paper; nothing when there is none. Raises OSError."""
    with suppress(FileNotFoundError):
        os.replace(name, name, src_dir_fd=here, dst_dir_fd=there)


def give_files(root: Path, folder: Parts, paper: HubPaper) -> NodeError | None:
    """Write what came beside a paper; None once all of it is on the disk, or why it is not."""
    if not paper.attachments:
        return None
    place = (*folder, f"{paper.exchange.id}{FILES}")
    try:
        with opened(root, place, make=True) as at:
            for name, file in zip(_names(paper), paper.attachments, strict=True):
                _write(at, name, file.content())
            os.fsync(at)
    except OSError as error:
        return HubUnavailable(detail=f"{root.joinpath(*place)}: {error.strerror}")
    except NodeError as error:
        return error
    return None


def attachment_notes(paper: HubPaper) -> list[dict[str, object]]:
    """What the note of the paper says of each: the partner's name for it, the file, what it is."""
    return [
        {
            "name": file.about.name,
            "file": name,
            "media_type": file.about.media_type,
            "size": file.about.size,
            "sha256": file.about.sha256.hex(),
        }
        for name, file in zip(_names(paper), paper.attachments, strict=True)
    ]


def _names(paper: HubPaper) -> list[str]:
    """The partner's names where they are safe for files and stand once; else a number."""
    names = [file.about.name for file in paper.attachments]
    folded = [name.casefold() for name in names]
    return [
        name if _is_safe(name) and folded.count(name.casefold()) == 1 else f"_{at}" for at, name in enumerate(names, 1)
    ]


def _is_safe(name: str) -> bool:
    return _SAFE.fullmatch(name) is not None and len(name.encode()) <= _MOST_BYTES


def _write(at: int, name: str, pieces: Iterable[bytes]) -> None:
    hidden = f".{name}"
    # What a crash left there, or somebody who wants to be in the way, as with a pipe that nobody reads.
    with suppress(FileNotFoundError):
        os.unlink(hidden, dir_fd=at)
    with open(os.open(hidden, _NEW, MODE, dir_fd=at), "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    os.replace(hidden, name, src_dir_fd=at, dst_dir_fd=at)
