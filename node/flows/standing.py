"""Where a paper stands among its sender's accepted papers: new, known, successor, out of place (protocol 3, 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from node.model.document import Finding
from node.model.exchange import Direction
from node.model.ids import Digest, NodeCode
from node.model.receipt import FindingCode
from node.store import papers
from node.store.database import Tx

TERMINAL_VERSIONS = frozenset({"withdrawn", "cancelled"})
"""Versions of a number after which nothing follows; a replaced paper lives on in its successor."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What the rules look at: identity, exact content, and the predecessor it names."""

    issuer: str
    number: str
    version: str
    document_sha256: Digest
    predecessor: Digest | None


class Rank(Enum):
    """The verdict."""

    NEW = auto()
    KNOWN = auto()
    SUCCESSOR = auto()
    ORPHAN = auto()
    NUMBER_TAKEN = auto()
    FOREIGN_CHAIN = auto()
    AFTER_WITHDRAWAL = auto()

    @property
    def finding(self) -> Finding | None:
        """What a refusal says; None where the paper is not refused."""
        return _FINDINGS.get(self)


_FINDINGS = {
    Rank.NUMBER_TAKEN: Finding(FindingCode.NUMBER_TAKEN, "", "this number is known with other content"),
    Rank.FOREIGN_CHAIN: Finding(FindingCode.CHAIN, "", "the predecessor is of another issuer"),
    Rank.AFTER_WITHDRAWAL: Finding(FindingCode.WITHDRAWN, "", "the predecessor was withdrawn"),
}


class Standing:
    """The accepted papers that matter to a few new ones; `add` lets later papers of the same call see earlier ones."""

    def __init__(self, known: Sequence[Paper]) -> None:
        self._by_number: dict[tuple[str, str], list[Paper]] = {}
        self._by_document: dict[Digest, Paper] = {}
        for paper in known:
            self.add(paper)

    @classmethod
    def read(cls, tx: Tx, sender: NodeCode, about: Sequence[Paper]) -> "Standing":
        """What the store holds of this sender under the same numbers, and the predecessors that are named."""
        numbers = {(paper.issuer, paper.number) for paper in about}
        predecessors = {paper.predecessor for paper in about if paper.predecessor is not None}
        same = papers.known(tx, sender, Direction.IN, sorted(numbers)) if numbers else {}
        before = papers.by_document(tx, sender, Direction.IN, sorted(predecessors)) if predecessors else {}
        known = [paper for group in same.values() for paper in group]
        return cls([_paper(one) for one in (*known, *before.values())])

    def add(self, paper: Paper) -> None:
        """Count `paper` among the accepted ones."""
        if paper.document_sha256 not in self._by_document:
            self._by_document[paper.document_sha256] = paper
            self._by_number.setdefault((paper.issuer, paper.number), []).append(paper)

    def of(self, paper: Paper) -> Rank:
        """Judge one paper. The rules look only at accepted papers of this sender."""
        same_number = self._by_number.get((paper.issuer, paper.number), [])
        if any(one.document_sha256 == paper.document_sha256 for one in same_number):
            return Rank.KNOWN
        if paper.predecessor is None:
            return Rank.NUMBER_TAKEN if same_number else Rank.NEW
        before = self._by_document.get(paper.predecessor)
        if before is None:
            return Rank.ORPHAN
        if before.issuer != paper.issuer:
            return Rank.FOREIGN_CHAIN
        if self._withdrawn(before):
            return Rank.AFTER_WITHDRAWAL
        return Rank.SUCCESSOR

    def _withdrawn(self, before: Paper) -> bool:
        versions = self._by_number.get((before.issuer, before.number), [before])
        return any(one.version in TERMINAL_VERSIONS for one in versions)


def _paper(known: papers.KnownPaper) -> Paper:
    return Paper(known.issuer, known.number, known.version, Digest(known.document_sha256), None)
