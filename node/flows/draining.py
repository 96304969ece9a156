"""Draining: people close the node for new papers, and what was accepted goes on; the way back is as short."""

from node.flows.ports import ActorName, Node
from node.store import actors, audit, intake_gate
from node.store.database import Tx


def close(node: Node, by: ActorName, reason: str) -> bool:
    """Put off everything new until `reopen`, through restarts, in every process; False when it is closed already."""
    now = node.clock.now()

    def commit(tx: Tx) -> bool:
        if not intake_gate.close(tx, now):
            return False
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        audit.add(tx, actor, "intake-closed", node.code, {"reason": reason}, now)
        return True

    return node.store.write(commit)


def reopen(node: Node, by: ActorName, reason: str) -> bool:
    """Take new papers again; False when they were taken anyway."""
    now = node.clock.now()

    def commit(tx: Tx) -> bool:
        if not intake_gate.reopen(tx):
            return False
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        audit.add(tx, actor, "intake-opened", node.code, {"reason": reason}, now)
        return True

    return node.store.write(commit)
