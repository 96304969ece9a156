"""What the node does about registers by itself, again and again: lists for who asked, asking where lists are missing.

Everything that a person has to do – a list that only the hub can make, one that is late – is said in the journal once.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from node.flows import register_asking, register_due, register_lists
from node.flows.ports import Node, Transport
from node.model.ids import NodeCode
from node.model.register_request import RegisterRequest

LATE_EVERY = timedelta(minutes=1)
"""How often late lists are looked for: they are counted in days."""


class RegisterRounds:
    """The rounds of one node; `transport_to` gives the way to a partner."""

    def __init__(self, node: Node, transport_to: Callable[[NodeCode], Transport]) -> None:
        self._node = node
        self._transport_to = transport_to
        self._waiting: set[int] = set()
        self._late: set[register_due.Overdue] = set()
        self._looked_at: datetime | None = None

    async def go(self) -> None:
        """One round."""
        await asyncio.to_thread(self._make_lists)
        await asyncio.to_thread(self._tell_late)
        for partner, request in await asyncio.to_thread(register_asking.due, self._node):
            await self._ask(partner, request)

    def _make_lists(self) -> None:
        waiting = register_lists.fulfil(self._node)
        for one in waiting:
            if one.id not in self._waiting:
                self._node.report("register.waits", partner=one.partner, kind=one.kind, after=one.after, asked=one.id)
        self._waiting = {one.id for one in waiting}

    def _tell_late(self) -> None:
        now = self._node.clock.now()
        if self._looked_at is not None and now - self._looked_at < LATE_EVERY:
            return
        self._looked_at = now
        late = set(register_due.overdue(self._node))
        for one in sorted(late - self._late, key=lambda one: (one.partner, one.direction, one.due_at)):
            self._node.report(
                "register.list-overdue",
                partner=one.partner,
                direction=one.direction.value,
                programme=one.programme,
                complete=one.complete,
                since=one.due_at,
            )
        self._late = late

    async def _ask(self, partner: NodeCode, request: RegisterRequest) -> None:
        self._node.report("register.gap", partner=partner, kind=request.kind, after=request.after)
        try:
            asked = await register_asking.ask(
                self._node, self._transport_to(partner), partner, request, register_asking.BY_ITSELF
            )
        except Exception as error:
            # Whatever one partner does, the others are asked; it is asked again in an hour.
            self._node.report("register.not-asked", partner=partner, error=error)
        else:
            self._node.report("register.asked", partner=partner, kind=request.kind, sequence=asked.sequence)
