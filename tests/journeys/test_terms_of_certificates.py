"""What an arrangement says about SPS certificates, between two nodes: tolerance on the way in, codes both ways."""

import re

import pytest

from node.documents import reader
from node.documents.samples import sample
from node.errors import PaperRefused
from node.flows import admission
from node.model.exchange import State
from node.model.terms import Terms, Tolerance
from node.store import exchanges
from node.wire import receipt_from_bytes

XA, XB = "XA", "XB"
KIND = "phytosanitary_certificate"
TOLERANT = [(r'tolerance = "strict"', 'tolerance = "tolerant"')]


def arrange(country, reopen, edits: list[tuple[str, str]]) -> None:
    """Edit the country's arrangement, and start its node again."""
    partner = XA if country.code == XB else XB
    file = country.home / "partner_profiles" / partner / "xa-xb-trade-papers.toml"
    text = file.read_text(encoding="utf-8")
    for before, after in edits:
        text, count = re.subn(before, after, text, count=1)
        assert count == 1
    file.write_text(text, encoding="utf-8")
    reopen(country)


def mapped(country, reopen, lines: str) -> None:
    """Put a map of statuses beside that of types."""
    arrange(country, reopen, [(r'(853 = "629".*\n)', rf"\1\n[kind.terms.code_maps.sps_status]\n{lines}\n")])


def received(country) -> list[tuple[str, str]]:
    return [(one.number, one.version) for one in country.received() if one.state is not State.REFUSED]


LOOSE = (
    sample(KIND, "grapefruit")
    .decode()
    .replace("<ram:Name>Borelia</ram:Name>", "", 1)
    .replace(">Boreal Fresh Imports SA<", ">N/A<", 1)
    .encode()
)


@pytest.fixture
def careless(monkeypatch) -> None:
    """XA sends what it is given, as nodes of other makes may do."""
    real = reader.recognise
    lenient = Terms(tolerance=Tolerance.TOLERANT)
    monkeypatch.setattr(admission.reader, "recognise", lambda content, _: real(content, lambda _: lenient))


def test_our_own_papers_are_strict_also_where_the_partners_are_not(pair, reopen) -> None:
    arrange(pair.xa, reopen, TOLERANT)
    with pytest.raises(PaperRefused) as caught:
        pair.xa.hand_in(LOOSE, XB)
    assert {finding.code for finding in caught.value.findings} == {"SCHEMA", "RULE"}


@pytest.mark.usefixtures("careless")
def test_a_tolerant_partner_accepts_a_loose_paper_and_says_what_it_passed_over(pair, reopen) -> None:
    arrange(pair.xb, reopen, TOLERANT)
    sent = pair.xa.hand_in(LOOSE, XB)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    said = receipt_from_bytes(pair.xa.receipt(sent).signed.receipt)
    con = "/SPSCertificate/SPSConsignment"
    assert [(one.code, one.path, one.rule) for one in said.findings] == [
        ("TOLERATED", f"{con}/ConsigneeSPSParty/Name", "holds a placeholder instead of a text"),
        ("TOLERATED", f"{con}/ImportSPSCountry", "lacks Name"),
    ]
    assert pair.xb.hub_has() == [LOOSE]
    (there,) = pair.xb.received()
    assert pair.xb.wired.node.store.read(lambda tx: exchanges.documents(tx, [there.id]))[there.id].content == LOOSE


@pytest.mark.usefixtures("careless")
def test_a_strict_partner_refuses_the_same_paper(pair) -> None:
    sent = pair.xa.hand_in(LOOSE, XB)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.REFUSED
    said = receipt_from_bytes(pair.xa.receipt(sent).signed.receipt)
    assert {one.code for one in said.findings} == {"SCHEMA", "RULE"}


# --- codes ------------------------------------------------------------------------------------------------------------


def with_code(name: str, before: str, after: str) -> bytes:
    whole = sample(KIND, name).decode()
    assert before in whole
    return whole.replace(before, after, 1).encode()


def test_a_type_that_the_arrangement_numbers_otherwise_travels_under_that_number(pair) -> None:
    theirs = with_code("grapefruit", "<ram:TypeCode>851<", "<ram:TypeCode>629<")
    sent = pair.xa.hand_in(theirs, XB)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert pair.xb.hub_has() == [theirs]


def test_a_code_of_ours_that_the_arrangement_has_another_for_is_refused_at_intake(pair) -> None:
    with pytest.raises(PaperRefused) as caught:
        pair.xa.hand_in(with_code("grapefruit", "<ram:TypeCode>851<", "<ram:TypeCode>853<"), XB)
    assert [(one.code, one.path, one.rule) for one in caught.value.findings] == [
        (
            "AGREED",
            "/SPSCertificate/SPSExchangedDocument/TypeCode",
            "the arrangement has another code for this meaning",
        )
    ]


def test_a_partners_status_is_read_as_what_it_means(pair, reopen) -> None:
    """Between these two, 41 says that a certificate was withdrawn; without the map nobody takes a 41."""
    issued = sample(KIND, "orchids")
    withdrawn = with_code("orchids_withdrawn", "<ram:StatusCode>40<", "<ram:StatusCode>41<")
    pair.xa.hand_in(issued, XB)
    pair.cross()
    with pytest.raises(PaperRefused):
        pair.xa.hand_in(withdrawn, XB, "k2")
    for country in (pair.xa, pair.xb):
        mapped(country, reopen, '40 = "41"')
    sent = pair.xa.hand_in(withdrawn, XB, "k3")
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    number = "XA-115-K-020587"
    assert sorted(received(pair.xb)) == [(number, "1"), (number, "withdrawn")]
    with pytest.raises(PaperRefused):
        pair.xa.hand_in(sample(KIND, "orchids_withdrawn"), XB, "k4")


def test_two_codes_may_change_places(pair, reopen) -> None:
    for country in (pair.xa, pair.xb):
        mapped(country, reopen, '40 = "64"\\n64 = "40"')
    pair.xa.hand_in(sample(KIND, "orchids"), XB)
    pair.xa.hand_in(sample(KIND, "orchids_withdrawn"), XB, "k2")
    pair.cross()
    assert {version for _, version in received(pair.xb)} == {"1", "cancelled"}


def test_a_partner_that_breaks_the_map_is_refused(pair, reopen) -> None:
    mapped(pair.xb, reopen, '70 = "39"')
    sent = pair.xa.hand_in(sample(KIND, "grapefruit"), XB)
    pair.cross()
    said = receipt_from_bytes(pair.xa.receipt(sent).signed.receipt)
    assert [one.code for one in said.findings] == ["AGREED"]
