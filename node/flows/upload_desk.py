"""Uploads of partners: who may bring how much, and in which order its pieces must come (protocol 1, Upload)."""

from node.errors import Malformed, UploadMisplaced
from node.flows.capacity import Capacity
from node.model.ids import NodeCode
from node.model.upload import Chunk, UploadProgress
from node.store.upload_files import Receiving, UploadFiles
from node.wire import MAX_CHUNKS


class UploadDesk:
    """Takes uploads; safe from any thread."""

    def __init__(self, files: UploadFiles, capacity: Capacity) -> None:
        self._files = files
        self._capacity = capacity

    def open(self, caller: NodeCode) -> "UploadUnderWay":
        """A call of `caller` begins; nothing is judged before its first chunk."""
        return UploadUnderWay(self._files, self._capacity, caller)


class UploadUnderWay:
    """One call: every chunk about the same content, one behind the other, from what is held on."""

    def __init__(self, files: UploadFiles, capacity: Capacity, caller: NodeCode) -> None:
        self._files = files
        self._capacity = capacity
        self._caller = caller
        self._first: Chunk | None = None
        self._receiving: Receiving | None = None
        self._chunks = 0

    def put(self, chunk: Chunk) -> None:
        """Take the next chunk.

        Raises Malformed, UploadMisplaced, UploadsFull, UploadBusy, DiskNearlyFull, StoreUnavailable.
        """
        first, self._first = self._first, self._first or chunk
        self._chunks += 1
        if self._chunks > MAX_CHUNKS:
            raise Malformed(field="request", rule=f"has at most {MAX_CHUNKS} chunks")
        if first is None:
            if chunk.data:
                self._begin(chunk)
        elif (chunk.upload_sha256, chunk.size) != (first.upload_sha256, first.size):
            raise Malformed(field="Chunk.upload_sha256", rule="and size are the same in every chunk")
        elif not (first.data and chunk.data):
            raise Malformed(field="Chunk.data", rule="is empty only in a call of this one chunk")
        if self._receiving is not None:
            self._receiving.put(chunk.offset, chunk.data)

    def end(self) -> UploadProgress:
        """How much is held. Raises Malformed without a chunk, UploadUnlike, StoreUnavailable."""
        if self._first is None:
            raise Malformed(field="request", rule="has at least one chunk")
        if self._receiving is not None:
            return self._receiving.end()
        return self._files.progress(self._caller, self._first.upload_sha256, self._first.size)

    def close(self) -> None:
        """The call is over."""
        if self._receiving is not None:
            self._receiving.close()

    def _begin(self, chunk: Chunk) -> None:
        if full := self._capacity.disk_full():
            raise full
        if self._files.progress(self._caller, chunk.upload_sha256, chunk.size).complete:
            # Nothing is written twice: whoever sends it again hears that it is here.
            raise UploadMisplaced(offset=chunk.offset, held=chunk.size)
        self._receiving = self._files.begin(self._caller, chunk.upload_sha256, chunk.size)
