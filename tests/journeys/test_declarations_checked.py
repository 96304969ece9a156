"""A declaration in one country is held against what the other country's authorities sent."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from node.documents.declaration_reader import read_declaration
from node.documents.samples import sample
from node.flows.declaration_check import Subject, Verdict, check
from node.flows.declaration_registers import StoredRegisters
from node.flows.declaration_words import Reason
from node.model.ids import NodeCode

if TYPE_CHECKING:
    from conftest import Country, Pair

DECLARATION = (Path(__file__).parents[1] / "declarations/good.xml").read_bytes()


def checked(country: "Country", content: bytes = DECLARATION, later: timedelta = timedelta()) -> list[Verdict]:
    node, declaration = country.wired.node, read_declaration(content)
    now = country.clock.now() + later
    return node.store.read(lambda tx: check(declaration, StoredRegisters(tx, None, now, now)))


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
