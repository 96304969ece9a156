"""A code that no list has crosses with a remark in the receipt; where the arrangement closes the list it is refused."""

import pytest

from node.documents.samples import sample
from node.errors import PaperRefused, ProfileInvalid
from node.model.exchange import State
from node.wire import receipt_from_bytes

KIND = "certificate_of_origin"
ODD = sample(KIND, "machine_parts").replace(b"<ExportCountry>XA<", b"<ExportCountry>QQ<", 1)
PLACE = "/CertificateOfOrigin/ExportCountry"


def close_countries(country, reopen, name: str = "country") -> None:
    """Close the list of countries for certificates of origin, and start the country's node again."""
    partner = "XA" if country.code == "XB" else "XB"
    file = country.home / "partner_profiles" / partner / "xa-xb-trade-papers.toml"
    head, *kinds = file.read_text(encoding="utf-8").split("[[kind]]\n")
    at = next(place for place, kind in enumerate(kinds) if f'name = "{KIND}"' in kind)
    assert "[kind.terms]" not in kinds[at]
    kinds[at] = f'{kinds[at].rstrip()}\n\n[kind.terms]\nclosed_lists = ["{name}"]\n\n'
    file.write_text("[[kind]]\n".join([head, *kinds]), encoding="utf-8")
    reopen(country)


def test_an_unknown_code_is_accepted_and_remarked(pair) -> None:
    sent = pair.xa.hand_in(ODD, "XB")
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    said = receipt_from_bytes(pair.xa.receipt(sent).signed.receipt)
    assert [(one.code, one.path, one.rule) for one in said.findings] == [
        ("CODE_UNKNOWN", PLACE, "is no code of the list country")
    ]


def test_a_partner_that_closed_the_list_refuses_it(pair, reopen) -> None:
    close_countries(pair.xb, reopen)
    sent = pair.xa.hand_in(ODD, "XB")
    pair.cross()
    assert pair.xa.exchange(sent).state is State.REFUSED
    said = receipt_from_bytes(pair.xa.receipt(sent).signed.receipt)
    assert [(one.code, one.path) for one in said.findings] == [("AGREED", PLACE)]


def test_our_own_side_refuses_it_before_it_is_taken(pair, reopen) -> None:
    close_countries(pair.xa, reopen)
    with pytest.raises(PaperRefused) as refused:
        pair.xa.hand_in(ODD, "XB")
    assert [one.code for one in refused.value.findings] == ["AGREED"]


def test_a_list_that_does_not_exist_stops_the_start(pair, reopen) -> None:
    with pytest.raises(ProfileInvalid, match="N2N-PROF-001") as refused:
        close_countries(pair.xa, reopen, "countries")
    assert "the code list 'countries' does not exist" in refused.value.fields["detail"]
