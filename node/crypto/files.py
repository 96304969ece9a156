"""Reading and writing key and certificate files: size first, and private ones only when nobody else can read them."""

import os
import stat
from pathlib import Path

from node.errors import KeyFileTooOpen, KeyFileUnusable

MAX_KEY_FILE_BYTES = 256 * 1024
"""A key or trust file is a few kilobytes; anything larger is not one."""


def read_file(path: Path, private: bool = False) -> bytes:
    """The bytes of a key or certificate file.

    Raises KeyFileUnusable when it cannot be read, KeyFileTooOpen when a private one grants anything to group or others.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if private and mode & 0o077:
                raise KeyFileTooOpen(path=path, mode=f"{mode:03o}")
            data = file.read(MAX_KEY_FILE_BYTES + 1)
    except OSError as error:
        raise KeyFileUnusable(path=path, detail=error.strerror or "it cannot be read") from error
    if len(data) > MAX_KEY_FILE_BYTES:
        raise KeyFileUnusable(path=path, detail=f"it is larger than {MAX_KEY_FILE_BYTES} bytes")
    return data


def write_private_file(path: Path, data: bytes) -> None:
    """Create `path`, mode 600 from the first byte on; raises KeyFileUnusable when it exists or cannot be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise KeyFileUnusable(path=path, detail=error.strerror or "it cannot be written") from error
