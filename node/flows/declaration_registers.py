"""What a node's registers say about the declarations of its own country: the partners' operators and certificates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from node.documents.codes.certificate_kinds import ORIGIN
from node.documents.origin_items import items_of
from node.flows.declaration_check import Left
from node.model.certificate import Certificate
from node.model.declaration import CertificateItem
from node.model.ids import NodeCode
from node.model.operator import OperatorState
from node.profiles.book import Book
from node.store import certificate_register, exchanges, operators, ucrs, uses
from node.store.database import Tx


@dataclass(frozen=True, slots=True)
class StoredRegisters:
    """The registers as they are in one transaction; `on` is the moment asked about, `known_at` what we knew then.

    Without a `partner` every partner's register is asked.
    """

    tx: Tx
    book: Book
    partner: NodeCode | None
    on: datetime
    known_at: datetime

    def operators(self, code: str) -> Sequence[OperatorState]:
        """Operators that the partners told us of."""
        return operators.find(self.tx, code, partner=self.partner, on=self.on, known_at=self.known_at)

    def certificates(self, kind: str, number: str) -> Sequence[Certificate]:
        """Certificates that the partners sent us."""
        return certificate_register.find(
            self.tx, number, self.on.date(), self.known_at, partner=self.partner, kind=kind
        )

    def left(self, certificate: Certificate) -> Left | None:
        """What is left of it, by its items, after every use that the ledger knows."""
        paper = certificate.latest
        found = uses.balance(self.tx, paper.partner, paper.direction, paper.kind, paper.issuer, paper.number)
        return {(one.item, one.measure, one.unit): one.left for one in found.items} if found is not None else None

    def demands_mapping(self, certificate: Certificate) -> bool:
        """Whether the terms of its agreement want one line for one item; of a purged paper, whether any agreement's."""
        paper = certificate.latest
        terms = [kind.terms.origin for kind in self.book.served(paper.partner, self.on) if kind.name == paper.kind]
        agreed = [one for one in terms if one is not None]
        if not agreed:
            return False
        document = exchanges.documents(self.tx, [paper.exchange]).get(paper.exchange)
        if document is None:
            return any(rules.one_to_one for one in agreed for rules in one.agreements.values())
        return any(one.one_to_one(document.fields.get("agreement", "")) for one in agreed)

    def items(self, certificate: Certificate) -> Sequence[CertificateItem] | None:
        """Its items; None when the body was purged, or it is no certificate of origin."""
        paper = certificate.latest
        document = exchanges.documents(self.tx, [paper.exchange], fields=False).get(paper.exchange)
        if document is None or paper.kind != ORIGIN:
            return None
        return items_of(document.content)[1]

    def knows_ucr(self, ucr: str) -> bool:
        """Whether a paper names this consignment, however it is spelt."""
        return ucrs.is_named(self.tx, ucr)
