"""A partner in the same process: the same bytes through the same door, without a network. For tests and the sandbox."""

import asyncio
from collections.abc import Callable, Iterable

from node.errors import CallUnsupported, NoAnswer, NodeError, PartnerUnreachable, Unexpected
from node.model.collect import CollectRequest, CollectResponse
from node.model.describe import Description
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.ids import NodeCode
from node.model.lookup import SealedAnswer
from node.model.receipt import DeliverResponse
from node.model.register_request import RegisterRequest
from node.model.upload import Chunk, UploadProgress
from node.transport.outcomes import read_answer, refused_call
from node.wire import (
    UPLOAD,
    InboundDoor,
    UploadDoor,
    answer,
    chunk_from_bytes,
    chunk_to_bytes,
    collect_request_to_bytes,
    collect_response_from_bytes,
    confirm_response_from_bytes,
    deliver_request_to_bytes,
    deliver_response_from_bytes,
    deliver_response_to_bytes,
    describe_request_to_bytes,
    description_from_bytes,
    lookup_response_from_bytes,
    register_request_to_bytes,
    register_response_from_bytes,
    status_from_error,
    status_request_to_bytes,
    upload_response_from_bytes,
    upload_response_to_bytes,
)


class Loopback:
    """Carries calls of `caller` to the door of `partner`; what the door raises crosses as it would cross a border."""

    def __init__(
        self, partner: NodeCode, caller: NodeCode, door: InboundDoor, uploads: UploadDoor | None = None
    ) -> None:
        self._uploads = uploads
        self._partner = partner
        self._caller = caller
        self._door: InboundDoor | None = door

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> DeliverResponse:
        """Send envelopes once; raises PartnerUnreachable, NoAnswer, PartnerRefusedCall or AnswerRefused."""
        data = await self._call("Deliver", deliver_request_to_bytes(request), deadline_s)
        return read_answer(self._partner, deliver_response_from_bytes, data)

    async def status(self, request: StatusRequest, deadline_s: float) -> DeliverResponse:
        """Ask what became of our papers; raises as `deliver`."""
        data = await self._call("Status", status_request_to_bytes(request), deadline_s)
        return read_answer(self._partner, deliver_response_from_bytes, data)

    async def collect(self, request: CollectRequest, deadline_s: float) -> CollectResponse:
        """Take what waits for us; raises as `deliver`."""
        data = await self._call("Collect", collect_request_to_bytes(request), deadline_s)
        return read_answer(self._partner, collect_response_from_bytes, data)

    async def confirm(self, response: DeliverResponse, deadline_s: float) -> int:
        """Bring the answers to what we took; how many the partner took. Raises as `deliver`."""
        data = await self._call("Confirm", deliver_response_to_bytes(response), deadline_s)
        return read_answer(self._partner, confirm_response_from_bytes, data)

    async def lookup(self, asked: bytes, deadline_s: float) -> SealedAnswer:
        """Put a LookupRequest, given as the bytes that the answer will cover; raises as `deliver`."""
        data = await self._call("Lookup", asked, deadline_s)
        return read_answer(self._partner, lookup_response_from_bytes, data)

    async def request_register(self, request: RegisterRequest, deadline_s: float) -> int:
        """Ask for a register's lists; its sequence at the partner. Raises as `deliver`."""
        data = await self._call("RequestRegister", register_request_to_bytes(request), deadline_s)
        return read_answer(self._partner, register_response_from_bytes, data)

    async def describe(self, deadline_s: float) -> Description:
        """Ask what the partner serves; raises as `deliver`."""
        data = await self._call("Describe", describe_request_to_bytes(), deadline_s)
        return read_answer(self._partner, description_from_bytes, data)

    async def upload(self, chunks: Iterable[Chunk], deadline_s: float) -> UploadProgress:
        """Bring pieces of one content; how much the partner holds then. Raises as `deliver`."""
        data = await self._done(lambda: self._uploaded(chunks), deadline_s)
        return read_answer(self._partner, upload_response_from_bytes, data)

    async def healthy(self, deadline_s: float) -> bool:
        """Whether the door is still open."""
        return self._door is not None

    async def close(self) -> None:
        """Forget the door."""
        self._door = None

    def _uploaded(self, chunks: Iterable[Chunk]) -> bytes:
        if self._uploads is None:
            raise CallUnsupported(call=UPLOAD)
        call = self._uploads.open(self._caller)
        try:
            for chunk in chunks:
                call.put(chunk_from_bytes(chunk_to_bytes(chunk)))
            return upload_response_to_bytes(call.end())
        finally:
            call.close()

    async def _call(self, call: str, request: bytes, deadline_s: float) -> bytes:
        door = self._door
        return await self._done(lambda: b"" if door is None else answer(door, call, self._caller, request), deadline_s)

    async def _done(self, work_of_call: Callable[[], bytes], deadline_s: float) -> bytes:
        if self._door is None:
            raise PartnerUnreachable(partner=self._partner, address="loopback", detail="the channel is closed")
        work = asyncio.to_thread(_answered, work_of_call)
        try:
            # The thread goes on when the deadline passes: what it commits stands, as on a real partner.
            status, data = await asyncio.wait_for(work, deadline_s)
        except TimeoutError as error:
            raise NoAnswer(partner=self._partner, seconds=f"{deadline_s:g}") from error
        if status:
            raise refused_call(self._partner, status, "INTERNAL")
        return data


def _answered(work: Callable[[], bytes]) -> tuple[bytes, bytes]:
    """The status of a refusal, or nothing and the response."""
    try:
        return b"", work()
    except NodeError as error:
        return status_from_error(error).SerializeToString(), b""
    except Exception:
        return status_from_error(Unexpected()).SerializeToString(), b""
