"""Bringing large content to a partner: what it holds is asked first, so nothing travels twice (protocol 1, Upload)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from node.errors import AnswerRefused
from node.flows.ports import Transport
from node.model.ids import Digest, NodeCode
from node.model.upload import Chunk, UploadProgress

PIECE_BYTES: Final = 512 * 1024
"""Half of what a chunk may hold: larger pieces are no faster and take more memory on both sides."""


async def bring(transport: Transport, partner: NodeCode, file: Path, sha256: Digest, deadline_s: float) -> int:
    """Have `partner` hold all of the ciphertext in `file`; how many bytes had to travel, none when it was there.

    Raises what calls raise (DeliveryError); what had arrived is held there, and the next try goes on from it.
    """
    size = file.stat().st_size
    before = await transport.upload([Chunk(sha256, 0, size, b"")], deadline_s)
    if before.complete:
        return 0
    after = await transport.upload(pieces(file, sha256, size, before), deadline_s)
    if not after.complete:
        raise AnswerRefused(partner=partner, detail="all of an upload was sent, and not all of it is held")
    return size - before.held


def pieces(file: Path, sha256: Digest, size: int, held: UploadProgress) -> Iterator[Chunk]:
    """The chunks from what is held on; one is in memory at a time."""
    at = held.held
    with file.open("rb") as source:
        source.seek(at)
        while data := source.read(PIECE_BYTES):
            yield Chunk(sha256, at, size, data)
            at += len(data)
