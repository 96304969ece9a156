"""What stands against the effect of a paper."""

from dataclasses import dataclass

from node.errors import NodeError
from node.model.document import Finding


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why the effect of a paper cannot happen: for ever, or (`waits`) not before another paper came."""

    finding: Finding
    error: NodeError
    waits: bool = False
