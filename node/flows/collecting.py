"""Collecting from a partner that waits for us: its papers come home by our own calls (protocol 1, Collect and Confirm).

A lost answer loses nothing: the partner offers again what it has no receipt for, and gets the stored one.
"""

import asyncio

from node.flows import inbound
from node.flows.ports import Node, Transport
from node.model.collect import CollectRequest
from node.model.ids import NodeCode
from node.wire import MAX_ENVELOPES

WAIT_MS = 25_000
"""How long the partner may wait for a paper before it answers, milliseconds; firewalls allow a silent call longer."""


async def collect(
    node: Node, transport: Transport, partner: NodeCode, deadline_s: float, wait_ms: int = WAIT_MS
) -> int:
    """Fetch once, judge and store, bring the receipts; how many papers and questions that were.

    Raises DeliveryError, as every call to a partner.
    """
    offered = await transport.collect(CollectRequest(MAX_ENVELOPES, wait_ms), deadline_s + wait_ms / 1000)
    done = 0
    if offered.papers is not None:
        answers = await asyncio.to_thread(inbound.deliver, node, partner, offered.papers)
        await transport.confirm(answers, deadline_s)
        done += len(answers.answers)
    if offered.status is not None:
        answers = await asyncio.to_thread(inbound.status, node, partner, offered.status)
        await transport.confirm(answers, deadline_s)
        done += len(answers.answers)
    return done
