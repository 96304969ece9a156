"""Folders of a tree that others write as well: reached step by step, and never through a link.

Whoever writes in the tree may put a link in the place of any folder, at any moment. So a folder is a descriptor that
was opened without following links, and all that happens in it happens to names relative to that descriptor.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Parts = tuple[str, ...]
"""Names of folders below the root, outermost first."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@contextmanager
def opened(root: Path, parts: Parts, *, make: bool = False) -> Iterator[int]:
    """The folder at `parts` below `root`, made where it is missing if `make`; raises OSError where one is a link.

    `root` itself is the node's own setting, and may be reached through links.
    """
    at = os.open(root, _FOLDER)
    try:
        for part in parts:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=at)
            above, at = at, os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
            os.close(above)
        yield at
    finally:
        os.close(at)


def is_there(at: int, name: str) -> bool:
    """Whether the folder `at` holds that name, be it a link that leads nowhere. Raises OSError."""
    try:
        os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
