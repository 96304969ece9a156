"""Each line of a declaration gets a verdict and its reason; one that fails fails the declaration."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.documents.declaration_reader import read_declaration
from node.errors import Language
from node.flows.declaration_check import Left, Subject, Verdict, check
from node.flows.declaration_words import Outcome, Reason, outcome, words
from node.flows.item_matching import MATCH_LIMIT, matched
from node.model.certificate import Certificate, Filed, Life
from node.model.declaration import CertificateItem, GoodsItem
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode
from node.model.operator import OperatorDetails, OperatorState, OperatorStatus
from node.model.uses import Measure

GOOD = (Path(__file__).parents[1] / "declarations/good.xml").read_bytes()
NUMBER, NOW = "XA-CO-26-1100342", datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ITEMS = (CertificateItem("1", "84669390", "XA"), CertificateItem("2", "848210", "XA"))
LEFT: Left = {
    ("1", Measure.QUANTITY, "C62"): Decimal(24),
    ("1", Measure.VALUE, "USD"): Decimal(187200),
    ("2", Measure.QUANTITY, "C62"): Decimal(48),
}


def certificate(life: Life = Life.IN_FORCE, number: str = NUMBER) -> Certificate:
    paper = Filed(
        exchange=ExchangeId(f"ex-{number}"),
        partner=NodeCode("XA"),
        direction=Direction.IN,
        kind="certificate_of_origin",
        issuer="XA-CUSTOMS-ORIGIN",
        number=number,
        version="1",
        chain_number=number,
        issued="2026-11-13",
        valid_until="2027-11-12",
        known_since=NOW,
        state=State.RECEIVED,
    )
    return Certificate(paper, paper, life, NOW, (paper,))


def operator(status: OperatorStatus = OperatorStatus.VALID) -> OperatorState:
    details = OperatorDetails("Merrow Precision Works Ltd", "", date(2026, 11, 2))
    return OperatorState(
        partner=NodeCode("XA"),
        direction=Direction.IN,
        authority="XA-CUSTOMS-AEO",
        programme="AEOS",
        certificate_number="XA-AEOS-2026-0118",
        status=status,
        status_told=status,
        reason="",
        effective=NOW,
        known_from=NOW,
        known_to=None,
        valid_until=None,
        version=1,
        exchange=ExchangeId("ex-aeo"),
        list_sequence=None,
        details=details,
        record="{}",
    )


@dataclass(frozen=True)
class Told:
    """Registers that were told this much."""

    known_operators: Sequence[OperatorState] = (operator(),)
    known_certificates: Sequence[Certificate] = (certificate(),)
    account: Left | None = field(default_factory=lambda: LEFT)
    one_to_one: bool = True
    known_items: Sequence[CertificateItem] | None = ITEMS
    ucr: bool = True

    def operators(self, code: str) -> Sequence[OperatorState]:
        return self.known_operators

    def certificates(self, kind: str, number: str) -> Sequence[Certificate]:
        return [one for one in self.known_certificates if one.first.number == number and one.first.kind == kind]

    def left(self, certificate: Certificate) -> Left | None:
        return self.account

    def demands_mapping(self, certificate: Certificate) -> bool:
        return self.one_to_one

    def items(self, certificate: Certificate) -> Sequence[CertificateItem] | None:
        return self.known_items

    def knows_ucr(self, ucr: str) -> bool:
        return self.ucr


def verdicts(told: Told, content: bytes = GOOD) -> list[Verdict]:
    return check(read_declaration(content), told)


def reasons(told: Told, subject: Subject, content: bytes = GOOD) -> list[Reason]:
    return [one.reason for one in verdicts(told, content) if one.subject is subject]


def test_a_good_declaration_holds_line_by_line() -> None:
    found = verdicts(Told())
    assert [(one.subject, one.item, one.reason) for one in found] == [
        (Subject.OPERATOR, "", Reason.OPERATOR_IN_FORCE),
        (Subject.OPERATOR, "2", Reason.OPERATOR_IN_FORCE),
        (Subject.CERTIFICATE, "1", Reason.CERTIFICATE_IN_FORCE),
        (Subject.CERTIFICATE, "1", Reason.OTHER_TYPE),
        (Subject.CERTIFICATE, "2", Reason.CERTIFICATE_IN_FORCE),
        (Subject.ITEMS, "1", Reason.ITEMS_MATCH),
        (Subject.WRITE_OFF, "1", Reason.ENOUGH_LEFT),
        (Subject.WRITE_OFF, "2", Reason.ENOUGH_LEFT),
        (Subject.UCR, "", Reason.UCR_KNOWN),
    ]
    assert all(one.ok for one in found)


STANDINGS = {
    OperatorStatus.VALID: Reason.OPERATOR_IN_FORCE,
    OperatorStatus.SUSPENDED: Reason.OPERATOR_SUSPENDED,
    OperatorStatus.REVOKED: Reason.OPERATOR_REVOKED,
    OperatorStatus.WITHDRAWN: Reason.OPERATOR_ENDED,
    OperatorStatus.EXPIRED: Reason.OPERATOR_ENDED,
    OperatorStatus.CEASED: Reason.OPERATOR_ENDED,
    OperatorStatus.MERGED: Reason.OPERATOR_ENDED,
    OperatorStatus.UNLISTED: Reason.OPERATOR_ENDED,
}


@pytest.mark.parametrize("status", OperatorStatus)
def test_only_an_operator_in_force_holds(status: OperatorStatus) -> None:
    found = [one for one in verdicts(Told(known_operators=(operator(status),))) if one.subject is Subject.OPERATOR]
    assert {one.reason for one in found} == {STANDINGS[status]}
    assert all(one.ok for one in found) is (status is OperatorStatus.VALID)


def test_an_operator_that_nobody_knows_or_that_is_two_fails() -> None:
    assert set(reasons(Told(known_operators=()), Subject.OPERATOR)) == {Reason.OPERATOR_UNKNOWN}
    two = (operator(), operator(OperatorStatus.SUSPENDED))
    assert set(reasons(Told(known_operators=two), Subject.OPERATOR)) == {Reason.OPERATOR_AMBIGUOUS}
    assert set(reasons(Told(known_operators=(operator(), operator())), Subject.OPERATOR)) == {Reason.OPERATOR_IN_FORCE}
    unnamed = GOOD.replace(b"<ID>XA22901870</ID>", b"")
    assert reasons(Told(), Subject.OPERATOR, unnamed)[0] is Reason.UNNAMED


LIVES = {
    Life.IN_FORCE: Reason.CERTIFICATE_IN_FORCE,
    Life.NOT_YET: Reason.CERTIFICATE_NOT_YET,
    Life.EXPIRED: Reason.CERTIFICATE_EXPIRED,
    Life.REPLACED: Reason.CERTIFICATE_REPLACED,
    Life.UNKNOWN: Reason.CERTIFICATE_UNKNOWN,
}


@pytest.mark.parametrize("life", Life)
def test_only_a_certificate_in_force_holds_and_is_written_off(life: Life) -> None:
    told = Told(known_certificates=(certificate(life),))
    expected = LIVES.get(life, Reason.CERTIFICATE_ENDED)
    assert reasons(told, Subject.CERTIFICATE) == [expected, Reason.OTHER_TYPE, expected]
    assert bool(reasons(told, Subject.WRITE_OFF)) is (life is Life.IN_FORCE)


def test_a_certificate_that_nobody_sent_or_that_two_issued_fails() -> None:
    assert reasons(Told(known_certificates=()), Subject.CERTIFICATE)[0] is Reason.CERTIFICATE_UNKNOWN
    two = Told(known_certificates=(certificate(), certificate()))
    assert reasons(two, Subject.CERTIFICATE)[0] is Reason.CERTIFICATE_AMBIGUOUS


def test_a_certificate_of_another_type_under_that_number_is_another_certificate() -> None:
    assert reasons(Told(), Subject.CERTIFICATE, GOOD.replace(b">864<", b">851<", 1))[0] is Reason.CERTIFICATE_UNKNOWN


def test_an_aeo_certificate_among_the_documents_is_asked_about_as_an_operator() -> None:
    content = GOOD.replace(b">380<", b">878<")
    assert len(reasons(Told(), Subject.OPERATOR, content)) == 3
    assert reasons(Told(), Subject.CERTIFICATE, GOOD.replace(b">380<", b">879<"))[1] is Reason.OTHER_TYPE


def test_over_use_fails_where_it_begins() -> None:
    over = GOOD.replace(b">48</QuantityQuantity>", b">48.001</QuantityQuantity>")
    assert reasons(Told(), Subject.WRITE_OFF, over) == [Reason.ENOUGH_LEFT, Reason.TOO_LITTLE_LEFT]


def test_lines_of_one_certificate_are_added_up_where_no_item_is_known() -> None:
    told = Told(one_to_one=False)
    assert reasons(told, Subject.ITEMS) == []
    content = GOOD.replace(b">20</QuantityQuantity>", b">24.5</QuantityQuantity>")
    assert reasons(told, Subject.WRITE_OFF, content) == [Reason.ENOUGH_LEFT, Reason.TOO_LITTLE_LEFT]
    assert reasons(Told(), Subject.WRITE_OFF, content) == [Reason.TOO_LITTLE_LEFT, Reason.ENOUGH_LEFT]


def test_a_unit_that_the_certificate_does_not_have_fails() -> None:
    content = GOOD.replace(b'unitCode="C62">20</QuantityQuantity>', b'unitCode="TNE">20</QuantityQuantity>')
    assert reasons(Told(), Subject.WRITE_OFF, content)[0] is Reason.OTHER_UNIT


def test_an_amount_is_written_off_the_value_and_no_unit_is_taken_for_a_currency() -> None:
    quantity = b'<QuantityQuantity unitCode="C62">20</QuantityQuantity>'
    dear = GOOD.replace(quantity, b'<AmountAmount currencyID="USD">187200.01</AmountAmount>')
    assert reasons(Told(), Subject.WRITE_OFF, dear)[0] is Reason.TOO_LITTLE_LEFT
    assert reasons(Told(), Subject.WRITE_OFF, dear.replace(b"187200.01", b"187200"))[0] is Reason.ENOUGH_LEFT
    wrong = GOOD.replace(quantity, b'<QuantityQuantity unitCode="USD">20</QuantityQuantity>')
    assert reasons(Told(), Subject.WRITE_OFF, wrong)[0] is Reason.OTHER_UNIT


def test_what_no_ledger_tells_is_not_checked_and_does_not_fail() -> None:
    assert set(reasons(Told(account=None), Subject.WRITE_OFF)) == {Reason.NO_ACCOUNT}
    assert reasons(Told(known_items=None), Subject.ITEMS) == [Reason.ITEMS_UNKNOWN]
    assert all(one.ok for one in verdicts(Told(account=None, known_items=None, ucr=False)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<ID>848210</ID>", b"<ID>848220</ID>"),
        (b"<ID>848210</ID>", b"<ID>8482</ID>"),
        (b"<CountryCode>XA</CountryCode>", b"<CountryCode>XB</CountryCode>"),
        (b"<ID>84669390</ID>", b"<ID>84821000</ID>"),
    ],
    ids=["other goods", "no subheading", "other origin", "two lines for one item"],
)
def test_lines_that_do_not_match_the_items_fail(before: bytes, after: bytes) -> None:
    content = GOOD.replace(before, after)
    assert reasons(Told(), Subject.ITEMS, content) == [Reason.ITEMS_DO_NOT_MATCH]


HS_CODES = st.lists(st.sampled_from(["847130", "84713000", "84713010", "84713020", "847140"]), max_size=5)


@given(HS_CODES, HS_CODES)
def test_a_match_is_found_exactly_when_there_is_one(lines: list[str], items: list[str]) -> None:
    from itertools import permutations

    goods = [GoodsItem("", str(n), code, "XA", ()) for n, code in enumerate(lines)]
    certified = [CertificateItem(str(n), code, "XA") for n, code in enumerate(items)]

    def fit(one: str, other: str) -> bool:
        digits = min(len(one), len(other))
        return one[:digits] == other[:digits]

    possible = any(
        all(fit(line, item) for line, item in zip(lines, order, strict=True))
        for order in permutations(items, len(lines))
    )
    found = matched(goods, certified)
    assert (found is not None) is possible
    assert found is None or len(set(found.values())) == len(lines)


def test_more_than_can_be_matched_is_not_checked() -> None:
    many = tuple(replace(ITEMS[0], sequence=str(n)) for n in range(MATCH_LIMIT // 2 + 1))
    assert reasons(Told(known_items=many), Subject.ITEMS) == [Reason.ITEMS_UNKNOWN]


def test_every_reason_has_words_in_both_languages() -> None:
    for reason in Reason:
        en, zh = (words(reason, language) for language in (Language.EN, Language.ZH))
        assert en
        assert any("\u4e00" <= character <= "\u9fff" for character in zh)
        assert outcome(reason) in Outcome
