"""The rules of an agreement between two nodes: told at home before anything leaves, and by the partner if it must."""

import pytest

from node.documents.samples import sample
from node.errors import PaperRefused
from node.model.exchange import State
from node.sandbox.homes import shipped_profiles
from node.wire import receipt_from_bytes

XA, XB = "XA", "XB"
KIND = "certificate_of_origin"
LENSES = sample(KIND, "lenses")
SPOILT = LENSES.replace(b"90022000", b"900220").replace(b">CTH<", b">PSR<")
BROKEN = [
    ("AGREED", "/CertificateOfOrigin/Item[2]/HsCode", "must have 8 digits under this agreement"),
    ("AGREED", "/CertificateOfOrigin/Item[2]/OriginCriterion/Code", "this origin criterion is not agreed"),
]


def under_rules(country, reopen) -> None:
    """Give the arrangement that is in force the rules of the one that follows it."""
    folder = country.home / "partner_profiles" / (XA if country.code == XB else XB)
    shipped = (shipped_profiles() / folder.name / "xa-xb-origin-rules.toml").read_text(encoding="utf-8")
    rules = shipped[shipped.index("\n[kind.terms.origin]\n") :]
    file = folder / "xa-xb-trade-papers.toml"
    head, named, rest = file.read_text(encoding="utf-8").partition(f'name = "{KIND}"')
    kind, release, others = rest.partition('release = "all"\n')
    assert named
    assert release
    file.write_text(f"{head}{named}{kind}{release}{rules}{others}", encoding="utf-8")
    reopen(country)


def test_a_certificate_outside_its_agreement_does_not_leave(pair, reopen) -> None:
    under_rules(pair.xa, reopen)
    with pytest.raises(PaperRefused) as refused:
        pair.xa.hand_in(SPOILT, XB)
    assert [(one.code, one.path, one.rule) for one in refused.value.findings] == BROKEN
    pair.xa.hand_in(LENSES, XB)


def test_a_partner_under_rules_takes_what_keeps_them_and_tells_every_rule_that_the_rest_breaks(pair, reopen) -> None:
    under_rules(pair.xb, reopen)
    bad, good = pair.xa.hand_in(SPOILT, XB, "k1"), pair.xa.hand_in(sample(KIND, "coffee_back_to_back"), XB, "k2")
    pair.cross()
    assert [pair.xa.exchange(one).state for one in (bad, good)] == [State.REFUSED, State.DELIVERED]
    said = receipt_from_bytes(pair.xa.receipt(bad).signed.receipt)
    assert [(one.code, one.path, one.rule) for one in said.findings] == BROKEN
    assert pair.xb.hub_has() == [sample(KIND, "coffee_back_to_back")]
