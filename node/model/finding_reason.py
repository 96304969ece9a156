"""A finding as people read it: how grave it is, whose rule, and why, in every language of the node."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from node.errors import Language
from node.model.document import Finding


@dataclass(frozen=True, slots=True)
class FindingReason:
    """`severity` is error or warning, `whose` names the owner of the rule (docs/papers.md)."""

    severity: str
    whose: str
    texts: Mapping[Language, str]


Explain = Callable[[Finding, str], FindingReason]
"""What a finding about a paper of that kind means."""
