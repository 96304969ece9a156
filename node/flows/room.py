"""Room for arrivals: what there is none for is put off, and nothing is written about it; the partner keeps it."""

from collections.abc import Mapping

from node.flows.capacity import RETRY_AFTER_S
from node.flows.ports import Node
from node.flows.rulings import Letter, Ruled, Ruling
from node.model.exchange import Direction
from node.model.receipt import Deferred, DeferredCode, Verdict


def put_off(node: Node, letter: Letter) -> Ruling | None:
    """What we have no room for is not even opened; duplicates had their answer before."""
    full = node.capacity.full(Direction.IN, letter.header.sender, letter.header.priority)
    return None if full is None else _overload()


def pushed_in(node: Node, rulings: Mapping[int, Ruling]) -> dict[int, Ruling]:
    """Good papers that came in on a lane above their own, and for which there is no room on their own."""
    found: dict[int, Ruling] = {}
    for index, one in rulings.items():
        if not isinstance(one, Ruled) or one.paper is None or one.letter is None:
            continue
        header, due = one.letter.header, one.due_priority
        if due is header.priority or one.receipt.verdict is not Verdict.ACCEPTED:
            continue
        if node.capacity.full(Direction.IN, header.sender, due) is not None:
            found[index] = _overload()
    return found


def _overload() -> Deferred:
    return Deferred(DeferredCode.OVERLOAD, RETRY_AFTER_S * 1000)
