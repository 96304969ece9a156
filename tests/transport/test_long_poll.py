"""Who waits for papers looks again when somebody rings, and goes home when there is something or the server stops."""

import asyncio

import pytest

from node.model.collect import CollectRequest, CollectResponse
from node.model.envelope import StatusRequest
from node.model.ids import MessageId
from node.server.bell import Bell
from node.server.grpc_service import _long_poll
from node.wire import collect_request_to_bytes, collect_response_to_bytes

NOTHING = collect_response_to_bytes(CollectResponse(None, None, 1))
QUESTION = StatusRequest((MessageId("019aa9b0-0000-7000-8000-000000000001"),), close=True)
SOMETHING = collect_response_to_bytes(CollectResponse(None, QUESTION, 1))


def looks(does: list[str], wait_ms: int = 20_000) -> int:
    """How often somebody looks who finds nothing, while at each look this happens."""

    async def wait() -> int:
        bell, happens = Bell(), iter(does)
        bell.open()
        seen = 0

        async def look() -> bytes:
            nonlocal seen
            seen += 1
            what = next(happens, "too often")
            assert what != "too often"
            if what in ("ring", "stop"):
                getattr(bell, what)()
            return SOMETHING if what == "find" else NOTHING

        assert await _long_poll(look, collect_request_to_bytes(CollectRequest(1, wait_ms)), bell) == (
            SOMETHING if does[-1] == "find" else NOTHING
        )
        return seen

    return asyncio.run(wait())


@pytest.mark.parametrize(
    ("does", "wait_ms"),
    [
        (["stop"], 20_000),
        (["find"], 20_000),
        (["nothing"], 0),
        (["ring", "ring", "find"], 20_000),
        (["ring", "stop"], 20_000),
    ],
    ids=["the server stops", "something is there", "no time", "somebody rings", "rings and stops"],
)
def test_who_waits_looks_so_often_and_no_more(does: list[str], wait_ms: int) -> None:
    assert looks(does, wait_ms) == len(does)
