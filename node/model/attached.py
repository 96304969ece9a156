"""Files beside a paper, as the hub hands them in and is given them: opened when they are read, never held whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from node.model.envelope import Attachment


@dataclass(frozen=True, slots=True)
class HandedFile:
    """A file that the hub wants sent beside a paper; `open` raises OSError."""

    name: str
    media_type: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A partner's file for the hub; `content` raises UploadUnopenable or StoreUnavailable where it cannot be had."""

    about: Attachment
    content: Callable[[], Iterator[bytes]]
