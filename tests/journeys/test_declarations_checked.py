"""A declaration in one country is held against what the other country's authorities sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from operators import baseline, event, record

from node.cli import paper_declaration
from node.cli.main import main
from node.documents.declaration_reader import read_declaration
from node.documents.samples import sample
from node.flows.declaration_check import Subject, Verdict, check
from node.flows.declaration_registers import StoredRegisters
from node.flows.declaration_words import Reason
from node.model.ids import NodeCode
from node.model.origin_terms import AgreementRules, OriginTerms
from node.model.terms import Terms
from node.profiles.book import Book
from node.profiles.profile import AgreedKind

if TYPE_CHECKING:
    from conftest import Country, Pair

ORIGIN = "certificate_of_origin"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FILE = Path(__file__).parents[1] / "declarations/good.xml"
DECLARATION = FILE.read_bytes()


def checked(
    country: "Country", content: bytes = DECLARATION, later: timedelta = timedelta(), book: Book | None = None
) -> list[Verdict]:
    node, declaration = country.wired.node, read_declaration(content)
    now = country.clock.now() + later
    return node.store.read(lambda tx: check(declaration, StoredRegisters(tx, book or node.book, None, now, now)))


def reasons(found: list[Verdict], subject: Subject) -> list[Reason]:
    return [one.reason for one in found if one.subject is subject]


def test_a_certificate_that_came_holds_until_it_is_withdrawn_or_expires(pair: "Pair") -> None:
    assert set(reasons(checked(pair.xb), Subject.CERTIFICATE)) == {Reason.CERTIFICATE_UNKNOWN, Reason.OTHER_TYPE}
    certificate = sample("certificate_of_origin", "machine_parts")
    pair.xa.hand_in(certificate, NodeCode("XB"))
    pair.cross()
    good = Reason.CERTIFICATE_IN_FORCE
    assert reasons(checked(pair.xb), Subject.CERTIFICATE) == [good, Reason.OTHER_TYPE, good]
    assert reasons(checked(pair.xb), Subject.UCR) == [Reason.UCR_KNOWN]
    late = checked(pair.xb, later=timedelta(days=400))
    assert reasons(late, Subject.CERTIFICATE)[0] is Reason.CERTIFICATE_EXPIRED

    pair.xa.later(hours=1)
    withdrawn = certificate.replace(
        b"<Status>issued</Status>", b"<Status>withdrawn</Status><StatusReason>error</StatusReason>"
    )
    pair.xa.hand_in(withdrawn, NodeCode("XB"), "k2")
    pair.cross()
    assert reasons(checked(pair.xb), Subject.CERTIFICATE)[0] is Reason.CERTIFICATE_ENDED


def test_the_certificate_of_our_own_authority_is_none_of_a_partner(pair: "Pair") -> None:
    pair.xa.hand_in(sample("certificate_of_origin", "machine_parts"), NodeCode("XB"))
    pair.cross()
    assert reasons(checked(pair.xa), Subject.CERTIFICATE)[0] is Reason.CERTIFICATE_UNKNOWN


def test_an_operator_that_is_suspended_fails_the_next_declaration(pair: "Pair") -> None:
    assert set(reasons(checked(pair.xb), Subject.OPERATOR)) == {Reason.OPERATOR_UNKNOWN}
    known = record("XA-AEOS-2026-0118", tin="XA22901870")
    for paper in baseline("L-1", 1, NOW - timedelta(hours=1), [known]):
        pair.xa.hand_in(paper, NodeCode("XB"), "list")
    pair.cross()
    good = Reason.OPERATOR_IN_FORCE
    assert reasons(checked(pair.xb), Subject.OPERATOR) == [good, good], "by its TIN, and by its certificate's number"
    assert reasons(checked(pair.xb, DECLARATION.replace(b"XA22901870", b"xa-229 018 70")), Subject.OPERATOR)[0] is good

    suspended = record("XA-AEOS-2026-0118", 2, "40", "2026-11-22T07:00:00Z", tin="XA22901870")
    pair.xa.hand_in(event("suspend", "E-1", suspended, NOW - timedelta(minutes=30)), NodeCode("XB"), "event")
    pair.cross()
    assert set(reasons(checked(pair.xb), Subject.OPERATOR)) == {Reason.OPERATOR_SUSPENDED}


def one_to_one(book: Book) -> Book:
    """The same arrangements, whose agreement wants a line for an item."""
    terms = Terms(origin=OriginTerms(agreements={"XA-XB-FTA": AgreementRules(one_to_one=True)}))

    def agreed(kind: AgreedKind) -> AgreedKind:
        return replace(kind, terms=terms) if kind.name == ORIGIN else kind

    return Book(book.partners, [replace(one, kinds=tuple(map(agreed, one.kinds))) for one in book.profiles])


def test_lines_and_items_are_compared_where_the_agreement_wants_it(pair: "Pair") -> None:
    pair.xa.hand_in(sample(ORIGIN, "machine_parts"), NodeCode("XB"))
    pair.cross()
    agreed = one_to_one(pair.xb.wired.node.book)
    assert reasons(checked(pair.xb), Subject.ITEMS) == []
    assert reasons(checked(pair.xb, book=agreed), Subject.ITEMS) == [Reason.ITEMS_MATCH]
    other = DECLARATION.replace(b"<ID>848210</ID>", b"<ID>848220</ID>")
    assert reasons(checked(pair.xb, other, book=agreed), Subject.ITEMS) == [Reason.ITEMS_DO_NOT_MATCH]


def test_what_is_written_off_is_held_against_what_is_left(pair: "Pair") -> None:
    pair.xa.hand_in(sample(ORIGIN, "machine_parts"), NodeCode("XB"))
    pair.cross()
    agreed, enough = one_to_one(pair.xb.wired.node.book), Reason.ENOUGH_LEFT
    assert reasons(checked(pair.xb), Subject.WRITE_OFF) == [enough, enough]
    over = DECLARATION.replace(b">20</QuantityQuantity>", b">24.001</QuantityQuantity>")
    assert reasons(checked(pair.xb, over, book=agreed), Subject.WRITE_OFF) == [Reason.TOO_LITTLE_LEFT, enough]


def test_an_officer_sees_that_everything_holds_and_later_what_does_not(
    pair: "Pair", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paper_declaration, "SystemClock", lambda: pair.xb.clock)
    monkeypatch.setenv("N2N_LANG", "en")
    command = ["paper", "check-declaration", str(FILE), "--home", str(pair.xb.home), "--partner", "XA"]
    pair.xa.hand_in(sample(ORIGIN, "machine_parts"), NodeCode("XB"))
    known = record("XA-AEOS-2026-0118", tin="XA22901870")
    for paper in baseline("L-1", 1, NOW - timedelta(hours=1), [known]):
        pair.xa.hand_in(paper, NodeCode("XB"), "list")
    pair.cross()
    assert main(command) == 0
    told = capsys.readouterr()
    assert "Nothing stands in the way." in told.err
    assert told.out.count("enough of the certificate is left") == 2

    assert main([*command, "--on", "2026-11-01"]) == 65, "before it was issued"
    assert "the certificate was issued after this day" in capsys.readouterr().out
