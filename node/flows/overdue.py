"""Papers whose hours are over while nothing is sent to their partner: a human hears of each, as if it were tried."""

from datetime import timedelta

from node.errors import NodeError
from node.flows import settling
from node.flows.ports import Node
from node.model.ids import NodeCode
from node.model.job import Verb
from node.store import exchanges, jobs

LEASE = timedelta(minutes=1)
"""Parking takes a moment."""


def give_up(node: Node, partner: NodeCode, error: NodeError) -> int:
    """Give `error` to every paper for `partner` that has been under way longer than agreed; how many were looked at."""
    hours = [profile.retry.give_up_h for profile in node.book.profiles_of(partner)]
    if not hours:
        return 0
    lane, looked = jobs.Lane(partner, Verb.DELIVER), 0
    while True:
        now = node.clock.now()
        before = now - timedelta(hours=min(hours))
        worker = f"overdue for {partner}"
        claimed = node.store.write(lambda tx: jobs.claim_older(tx, lane, worker, before, now, LEASE))  # noqa: B023
        if not claimed:
            return looked
        rows = node.store.read(lambda tx: exchanges.load(tx, [job.exchange for job in claimed]))  # noqa: B023
        settling.try_again(node, [(job, rows[job.exchange], error) for job in claimed], now)
        looked += len(claimed)
