"""A declaration held against the registers: is each operator in force, each certificate good, and is enough left?

    verdicts = check(declaration, registers)
    all(one.ok for one in verdicts)

`Registers` is all that is asked; `declaration_registers.py` answers it from a node's store.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from node.documents.codes.certificate_kinds import AEO, KIND_OF_TYPE
from node.flows.declaration_words import OF_LIFE, OF_STATUS, Outcome, Reason, outcome
from node.flows.item_matching import MATCH_LIMIT, matched
from node.model.certificate import Certificate
from node.model.declaration import CertificateItem, CertificateReference, Declaration, Quantity
from node.model.ids import ExchangeId
from node.model.operator import OperatorState
from node.model.uses import Measure

Left = Mapping[tuple[str, Measure, str], Decimal]
"""What is left of a certificate, by item, measure and unit (or currency)."""


class Subject(StrEnum):
    """What a verdict is about."""

    OPERATOR = "operator"
    CERTIFICATE = "certificate"
    WRITE_OFF = "write_off"
    ITEMS = "items"
    UCR = "ucr"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the registers say of one line: where it stands, its goods item, the number or code it names, and why."""

    path: str
    subject: Subject
    item: str
    named: str
    reason: Reason

    @property
    def ok(self) -> bool:
        """Whether it does not stand in the way."""
        return outcome(self.reason) is not Outcome.FAILS


class Registers(Protocol):
    """What is asked about a declaration, of one day and one partner, or of all."""

    def operators(self, code: str) -> Sequence[OperatorState]:
        """Operators with this code, as they stood on the day."""
        ...

    def certificates(self, kind: str, number: str) -> Sequence[Certificate]:
        """Certificates of this kind and number."""
        ...

    def left(self, certificate: Certificate) -> Left | None:
        """What is left of it; None when nothing tells."""
        ...

    def demands_mapping(self, certificate: Certificate) -> bool:
        """Whether its arrangement wants one line of a declaration for one item of it."""
        ...

    def items(self, certificate: Certificate) -> Sequence[CertificateItem] | None:
        """Its items; None when the paper is not kept any more."""
        ...

    def knows_ucr(self, ucr: str) -> bool:
        """Whether any paper names this consignment."""
        ...


def check(declaration: Declaration, registers: Registers) -> list[Verdict]:
    """A verdict about everything that the declaration names, in its order: operators, certificates, UCRs."""
    verdicts = [
        Verdict(one.path, Subject.OPERATOR, one.item, one.identifier, _operator(one.identifier, registers))
        for one in declaration.operators
    ]
    verdicts += _certificates(declaration, registers)
    for ucr in declaration.ucrs:
        reason = Reason.UCR_KNOWN if registers.knows_ucr(ucr.text) else Reason.UCR_UNKNOWN
        verdicts.append(Verdict(ucr.path, Subject.UCR, "", ucr.text, reason))
    return verdicts


def _operator(code: str, registers: Registers) -> Reason:
    if not code:
        return Reason.UNNAMED
    reasons = {OF_STATUS.get(one.status, Reason.OPERATOR_ENDED) for one in registers.operators(code)}
    if not reasons:
        return Reason.OPERATOR_UNKNOWN
    return reasons.pop() if len(reasons) == 1 else Reason.OPERATOR_AMBIGUOUS


# --- certificates ---------------------------------------------------------------------------------------------------


def _certificates(declaration: Declaration, registers: Registers) -> Iterator[Verdict]:
    good: dict[ExchangeId, tuple[Certificate, list[CertificateReference]]] = {}
    for one in declaration.certificates:
        kind = KIND_OF_TYPE.get(one.unece_code, "")
        if not kind:
            yield _verdict(one, Reason.OTHER_TYPE)
        elif not one.number:
            yield _verdict(one, Reason.UNNAMED)
        elif kind == AEO:
            yield Verdict(one.path, Subject.OPERATOR, one.item, one.number, _operator(one.number, registers))
        else:
            found = registers.certificates(kind, one.number)
            reason = _life(found)
            yield _verdict(one, reason)
            if outcome(reason) is Outcome.HOLDS:
                good.setdefault(found[0].first.exchange, (found[0], []))[1].append(one)
    for certificate, references in good.values():
        yield from _uses(certificate, references, declaration, registers)


def _life(found: Sequence[Certificate]) -> Reason:
    if not found:
        return Reason.CERTIFICATE_UNKNOWN
    if len(found) > 1:
        return Reason.CERTIFICATE_AMBIGUOUS
    return OF_LIFE.get(found[0].life, Reason.CERTIFICATE_ENDED)


def _verdict(one: CertificateReference, reason: Reason, subject: Subject = Subject.CERTIFICATE) -> Verdict:
    return Verdict(one.path, subject, one.item, one.number, reason)


def _uses(
    certificate: Certificate, references: list[CertificateReference], declaration: Declaration, registers: Registers
) -> Iterator[Verdict]:
    item_of: Mapping[str, str] = {}
    if registers.demands_mapping(certificate):
        reason, item_of = _mapping(certificate, references, declaration, registers)
        yield _verdict(references[0], reason, Subject.ITEMS)
    if not any(one.quantity or one.amount for one in references):
        return
    account = _Account(registers.left(certificate), item_of)
    for one in references:
        for measure, use in ((Measure.QUANTITY, one.quantity), (Measure.VALUE, one.amount)):
            if use is not None:
                yield _verdict(one, account.write_off(one.item, measure, use), Subject.WRITE_OFF)


def _mapping(
    certificate: Certificate, references: list[CertificateReference], declaration: Declaration, registers: Registers
) -> tuple[Reason, Mapping[str, str]]:
    """Whether the lines and items belong together one to one, and which item each line has."""
    items = registers.items(certificate)
    lines = {one.item for one in references if one.item}
    goods = [item for item in declaration.items if item.sequence in lines or not lines]
    if items is None or len(goods) * len(items) > MATCH_LIMIT:
        return Reason.ITEMS_UNKNOWN, {}
    found = matched(goods, items)
    if found is None or len(goods) < len(lines):
        return Reason.ITEMS_DO_NOT_MATCH, {}
    return Reason.ITEMS_MATCH, found


class _Account:
    """What is left of one certificate while the lines of a declaration write off it one after another."""

    def __init__(self, left: Left | None, item_of: Mapping[str, str]) -> None:
        self._left = left
        self._item_of = item_of
        self._used: defaultdict[tuple[str, Measure, str], Decimal] = defaultdict(Decimal)

    def write_off(self, line: str, measure: Measure, use: Quantity) -> Reason:
        """Whether that much is left for this line, after the lines before it: of its item where that is known."""
        if self._left is None:
            return Reason.NO_ACCOUNT
        item = self._item_of.get(line, "")
        amounts = [
            number
            for (of, by, unit), number in self._left.items()
            if by is measure and unit == use.unit and item in ("", of)
        ]
        if not amounts:
            return Reason.OTHER_UNIT
        key = (item, measure, use.unit)
        self._used[key] += use.number
        return Reason.ENOUGH_LEFT if self._used[key] <= sum(amounts) else Reason.TOO_LITTLE_LEFT
