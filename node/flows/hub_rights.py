"""What a hub that is given things may have: guarded kinds only where the settings name them for it."""

from node.flows.ports import Node
from node.model.guarded import GUARDED


def may_have(node: Node, kind: str) -> bool:
    """Whether papers of this kind, and what becomes of them, are the hub's business."""
    return kind not in GUARDED or kind in node.hub_guarded
