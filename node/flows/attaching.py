"""Attachments: encrypted once when they are handed in, brought before their paper goes, opened before it is taken."""

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from node.crypto.upload import KEY_BYTES, ciphertext_size, decrypt, encrypt
from node.errors import (
    Malformed,
    StoreUnavailable,
    SubmissionUnreadable,
    TooLarge,
    UploadMissing,
    UploadsNotForPull,
    UploadUnopenable,
)
from node.flows import uploading
from node.flows.ports import Node, Transport
from node.model.attached import GivenFile, HandedFile
from node.model.envelope import Attachment, Metadata
from node.model.ids import Digest, NodeCode
from node.profiles.partner import ChannelKind
from node.profiles.profile import AgreedKind
from node.store import attachments
from node.store.upload_files import UploadFiles
from node.wire import MAX_ATTACHMENTS

Beside = tuple[Attachment, ...]
"""What travels beside one paper."""

OURS_FOR = timedelta(hours=1)
"""Between encrypting an attachment and committing its paper lies a moment."""

THEIRS_FOR = timedelta(days=1)
"""How long an upload waits for the paper that names it; the partner brings it again when it came too late."""

DEADLINE_S = 600.0
"""The longest that a call may last: what a slow line cannot carry in that time goes on in the next call."""


def take(node: Node, partner: NodeCode, files: tuple[HandedFile, ...], agreed: AgreedKind) -> tuple[Attachment, ...]:
    """Encrypt what was handed in beside a paper, each with a fresh key; on the disk when this returns.

    Raises UploadsNotForPull, SubmissionUnreadable, TooLarge, DiskNearlyFull, StoreUnavailable.
    """
    if not files:
        return ()
    if node.book.partner(partner).channel.kind is ChannelKind.PULL:
        raise UploadsNotForPull(partner=partner)
    if len(files) > MAX_ATTACHMENTS:
        raise SubmissionUnreadable(name="attachments", detail=f"there are more than {MAX_ATTACHMENTS}")
    taken: list[Attachment] = []
    for file in files:
        if full := node.capacity.disk_full():
            raise full
        taken.append(_encrypted(node, partner, file, agreed.max_upload_bytes))
    return tuple(taken)


def _encrypted(node: Node, partner: NodeCode, file: HandedFile, most: int) -> Attachment:
    key, counted = node.random(KEY_BYTES), _Counted()
    try:
        with file.open() as source:
            name = node.uploads_out.keep(partner, encrypt(counted.through(source.read, most), key))
    except OSError as error:
        raise SubmissionUnreadable(name=file.name, detail=error.strerror or "cannot be read") from error
    return Attachment(file.name, file.media_type, counted.size, counted.sha256, name, key)


class _Counted:
    """Size and digest of what is read."""

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> Digest:
        return Digest(self._digest.digest())

    def through(self, read: Callable[[int], bytes], most: int) -> Callable[[int], bytes]:
        """`read`, counted; raises TooLarge behind `most` bytes."""

        def counting(length: int) -> bytes:
            self.add(data := read(length))
            if self.size > most:
                raise TooLarge(field="attachment", limit=f"{most} bytes")
            return data

        return counting

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self._digest.update(data)


async def bring(node: Node, transport: Transport, partner: NodeCode, beside: tuple[Attachment, ...]) -> None:
    """Have the partner hold what a paper names, before the paper goes. Raises DeliveryError, StoreUnavailable."""
    for one in beside:
        file = node.uploads_out.path(partner, one.upload_sha256)
        if not file.is_file():
            raise StoreUnavailable(detail=f"the file of the upload {one.upload_sha256.hex()} is gone")
        await uploading.bring(transport, partner, file, one.upload_sha256, DEADLINE_S)


def require(node: Node, caller: NodeCode, metadata: Metadata, agreed: AgreedKind) -> None:
    """All that the metadata names is here, opens, and is what it is said to be.

    Raises TooLarge, Malformed for what nothing can cure, UploadMissing for what the partner may still bring.
    """
    for one in metadata.attachments:
        if one.size > agreed.max_upload_bytes:
            raise TooLarge(field="attachment", limit=f"{agreed.max_upload_bytes} bytes")
        path = node.uploads_in.path(caller, one.upload_sha256)
        try:
            length = path.stat().st_size
            # From now on it is as young as its paper, and nobody collects it.
            os.utime(path)
            good = length == ciphertext_size(one.size) and _is_what_it_says(path, one)
        except OSError as error:
            raise UploadMissing(sha256=one.upload_sha256.hex()) from error
        if not good:
            raise Malformed(field="Metadata.attachments", rule="open, with the size and digest that is given")


def _is_what_it_says(path: Path, one: Attachment) -> bool:
    counted = _Counted()
    try:
        for data in opened(path, one):
            counted.add(data)
    except UploadUnopenable:
        return False
    return (counted.size, counted.sha256) == (one.size, one.sha256)


def opened(path: Path, one: Attachment) -> Iterator[bytes]:
    """The content, a piece at a time. Raises UploadUnopenable, OSError."""
    with path.open("rb") as source:
        yield from decrypt(source.read, one.key)


def given(files: UploadFiles, partner: NodeCode, beside: tuple[Attachment, ...]) -> tuple[GivenFile, ...]:
    """For the hub."""
    return tuple(GivenFile(one, partial(opened, files.path(partner, one.upload_sha256), one)) for one in beside)


def collect(node: Node) -> int:
    """Delete the ciphertext that no paper names any more, or yet: ours after an hour, a partner's after a day."""
    now, kept = node.clock.now(), node.store.read(attachments.kept)
    return node.uploads_out.collect(now - OURS_FOR, kept) + node.uploads_in.collect(now - THEIRS_FOR, kept)
