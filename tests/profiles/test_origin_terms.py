"""The terms of certificates of origin in an arrangement: read as written, and every mistake told with its line."""

from decimal import Decimal
from pathlib import Path

import pytest

from node.errors import ProfileInvalid
from node.model.ids import NodeCode
from node.model.origin_terms import (
    AgreementRules,
    BackToBack,
    CertificateType,
    DemandedField,
    LanguageField,
    LastDay,
    Lasting,
    OriginTerms,
    ProducerRule,
    Retroactive,
    ThirdCountryInvoice,
    Validity,
)
from node.profiles.profile_file import read_profile
from node.sandbox.homes import shipped_profiles

TEXT = (shipped_profiles() / "XB" / "xa-xb-origin-rules.toml").read_text(encoding="utf-8")


def read(folder: Path, text: str) -> OriginTerms:
    path = folder / "xa-xb-origin-rules.toml"
    path.write_text(text, encoding="utf-8")
    found = read_profile(path, path.name, NodeCode("XB")).kinds[0].terms.origin
    assert found is not None
    return found


def test_the_shipped_terms_are_read_as_written(tmp_path: Path) -> None:
    terms = read(tmp_path, TEXT)
    eca, rta = terms.agreements["XA-XB-ECA"], terms.agreements["XA-XB-RTA"]
    assert (terms.others, terms.non_preferential) == (False, True)
    assert (eca.types, eca.countries) == ({CertificateType.PREFERENCE}, {"XA", "XB"})
    assert eca.number is not None
    assert eca.number.fullmatch("A261150004270031")
    assert eca.criteria == {"WO", "CC", "CTH", "CTSH", "RVC"}
    assert eca.value_content == {"RVC": Decimal(40)}
    assert eca.hs_digits == 8
    assert eca.validity == Validity(months=12, lasting=Lasting.EXACTLY, last_day=LastDay.DAY_BEFORE)
    assert eca.retroactive == Retroactive(allowed=True, free_days=3, within_days=90)
    assert eca.back_to_back == BackToBack(allowed=False)
    assert eca.third_country_invoice == ThirdCountryInvoice(allowed=False)
    assert (eca.exhibition, eca.accumulation, eca.de_minimis) == (False, True, True)
    assert eca.producer is ProducerRule.CONFIDENTIAL
    assert eca.demanded[:2] == (DemandedField.VALID_UNTIL, DemandedField.DEPARTURE)
    assert (eca.language, eca.language_of) == ("zh", (LanguageField.GOODS, LanguageField.EXPORTER))
    assert (eca.one_to_one, rta.one_to_one) == (True, False)
    assert rta.validity == Validity(months=12, lasting=Lasting.AT_MOST, last_day=LastDay.SAME_DAY)
    assert rta.back_to_back == BackToBack(allowed=True, for_other_origin=True, keeps_validity=True)
    assert rta.third_country_invoice == ThirdCountryInvoice(allowed=True, marked=True, issuer=True)


def test_an_agreement_needs_nothing_but_its_name(tmp_path: Path) -> None:
    head, _, _ = TEXT.partition("\n[kind.terms.origin]\n")
    terms = read(tmp_path, head + '\n[[kind.terms.origin.agreement]]\nname = "XA-XB-FTA"\n')
    assert terms == OriginTerms(agreements={"XA-XB-FTA": AgreementRules()})


CASES = {
    "agreement of small letters": (
        'name = "XA-XB-ECA"',
        'name = "eca"',
        "name must have 2 to 20 capitals, digits or hyphens",
    ),
    "agreement named twice": ('name = "XA-XB-RTA"', 'name = "XA-XB-ECA"', "the agreement XA-XB-ECA stands there twice"),
    "type without preference": (
        'types = ["864"]\ncountries = ["XA", "XB"]  ',
        'types = ["861"]',
        "types = '861' is not known",
    ),
    "country in words": ('["XA", "XB"]          #', '["Alvoria"] #', "countries must name two capital letters each"),
    "pattern that is none": ('"[AB][0-9]{15}"', '"[AB"', "number is no regular expression"),
    "criterion with a blank": ('"CTSH", "RVC"', '"CT SH", "RVC"', "criteria must name codes of 1 to 10 capitals"),
    "content of a criterion that is not agreed": (
        "{ RVC = 40 }      #",
        "{ QVC = 40 } #",
        "QVC is none of the criteria",
    ),
    "more than everything": ("{ RVC = 40 }      #", "{ RVC = 101 } #", "RVC must lie between 0 and 100"),
    "five digits": ("hs_digits = 8", "hs_digits = 5", "hs_digits must lie between 6 and 10"),
    "no month": (
        'months = 12, lasting = "exactly"',
        'months = 0, lasting = "exactly"',
        "months must lie between 1 and 120",
    ),
    "two periods at once": (
        "within_days = 90",
        "within_days = 90, within_months = 3",
        "within_months and within_days exclude",
    ),
    "period that does not say whether": (
        "{ allowed = false }\nthird",
        "{ keeps_validity = true }\nthird",
        "the key 'allowed' is missing",
    ),
    "field that nobody can demand": ('"Item/Quantity"', '"Item/Colour"', "demanded = 'Item/Colour' is not known"),
    "language in words": ('language = "zh"', 'language = "Chinese"', "language must be a language tag such as zh"),
    "key that is misspelt": (
        "one_to_one = true",
        "one_to_on = true",
        "the key 'one_to_on' is unknown in [[kind.terms.origin.agreement]]; did you mean 'one_to_one'?",
    ),
    "terms of another kind": (
        'name = "certificate_of_origin"',
        'name = "inspection_result"',
        "origin belongs to the kind certificate_of_origin",
    ),
}


@pytest.mark.parametrize(("old", "new", "detail"), CASES.values(), ids=CASES)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, detail: str) -> None:
    assert old in TEXT
    spoilt = TEXT.replace(old, new, 1)
    with pytest.raises(ProfileInvalid) as refused:
        read(tmp_path, spoilt)
    assert refused.value.fields["detail"].startswith(detail)
    assert refused.value.fields["where"].startswith("xa-xb-origin-rules.toml:")


def test_too_many_agreements_are_refused(tmp_path: Path) -> None:
    head, _, _ = TEXT.partition("\n[kind.terms.origin]\n")
    many = "".join(f'[[kind.terms.origin.agreement]]\nname = "A{number}"\n' for number in range(10, 43))
    with pytest.raises(ProfileInvalid, match="more than 32 agreements"):
        read(tmp_path, head + "\n" + many)
