"""Reads `[kind.terms.origin]`: the rules of each agreement that certificates of origin may prove (docs/profiles.md)."""

import re
from collections.abc import Mapping
from decimal import Decimal

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
from node.profiles.patterns import read_pattern
from node.strict_toml import Table

KIND = "certificate_of_origin"

MAX_AGREEMENTS = 32
"""Agreements under one arrangement: two countries have one or two, a region a handful."""

MAX_MONTHS = 120
MAX_DAYS = 3650

_AGREEMENT = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}", re.ASCII)
_CRITERION = re.compile(r"[A-Z0-9][A-Z0-9-]{0,9}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)

HS_DIGITS = (6, 10)
"""The Harmonized System has six digits, national tariffs up to ten."""


def read_origin(terms: Table, kind: str) -> OriginTerms | None:
    """The terms for certificates of origin, None when there are none. Raises the table's error class."""
    if not terms.has("origin"):
        return None
    if kind != KIND:
        raise terms.refusal("origin", f"origin belongs to the kind {KIND}")
    table = terms.table("origin")
    found = OriginTerms(
        agreements=_agreements(table),
        others=table.flag("others", False),
        non_preferential=table.flag("non_preferential", True),
    )
    table.close()
    return found


def _agreements(origin: Table) -> Mapping[str, AgreementRules]:
    found: dict[str, AgreementRules] = {}
    tables = origin.tables("agreement")
    if len(tables) > MAX_AGREEMENTS:
        raise origin.refusal("agreement", f"more than {MAX_AGREEMENTS} agreements")
    for table in tables:
        name = _matching(table, "name", table.text("name"), _AGREEMENT, "have 2 to 20 capitals, digits or hyphens")
        if name in found:
            raise table.refusal("name", f"the agreement {name} stands there twice")
        found[name] = _rules(table)
        table.close()
    return found


def _rules(table: Table) -> AgreementRules:
    criteria = _all_matching(table, "criteria", _CRITERION, "name codes of 1 to 10 capitals, digits or hyphens")
    language = table.text("language") if table.has("language") else ""
    if language:
        _matching(table, "language", language, _LANGUAGE, "be a language tag such as zh")
    return AgreementRules(
        types=frozenset(table.words("types", CertificateType, ())),
        countries=frozenset(_all_matching(table, "countries", _COUNTRY, "name two capital letters each")),
        number=read_pattern(table, "number"),
        criteria=frozenset(criteria),
        value_content=_value_content(table, criteria),
        hs_digits=table.integer("hs_digits", *HS_DIGITS) if table.has("hs_digits") else None,
        validity=_validity(table),
        retroactive=_retroactive(table),
        back_to_back=_back_to_back(table),
        third_country_invoice=_third_country_invoice(table),
        exhibition=table.flag("exhibition", True),
        accumulation=table.flag("accumulation", True),
        de_minimis=table.flag("de_minimis", True),
        producer=table.word("producer", ProducerRule, ProducerRule.OPTIONAL),
        demanded=table.words("demanded", DemandedField, ()),
        language=language,
        language_of=table.words("language_of", LanguageField, (LanguageField.GOODS,) if language else ()),
        one_to_one=table.flag("one_to_one", False),
    )


def _value_content(table: Table, criteria: tuple[str, ...]) -> Mapping[str, Decimal]:
    if not table.has("value_content"):
        return {}
    least = table.table("value_content")
    found: dict[str, Decimal] = {}
    for code in least.keys():  # noqa: SIM118 (a Table is no mapping)
        if criteria and code not in criteria:
            raise least.refusal(code, f"{code[:20]} is none of the criteria")
        _matching(least, code, code, _CRITERION, "have 1 to 10 capitals, digits or hyphens")
        found[code] = Decimal(str(least.number(code, 0, 100)))
    least.close()
    return found


def _validity(table: Table) -> Validity | None:
    if not table.has("validity"):
        return None
    validity = table.table("validity")
    found = Validity(
        months=validity.integer("months", 1, MAX_MONTHS),
        lasting=validity.word("lasting", Lasting, Lasting.AT_MOST),
        last_day=validity.word("last_day", LastDay, LastDay.SAME_DAY),
    )
    validity.close()
    return found


def _retroactive(table: Table) -> Retroactive | None:
    if not table.has("retroactive"):
        return None
    after = table.table("retroactive")
    found = Retroactive(
        allowed=after.flag("allowed"),
        free_days=after.integer("free_days", 0, MAX_DAYS, 0),
        within_months=after.integer("within_months", 0, MAX_MONTHS, 0),
        within_days=after.integer("within_days", 0, MAX_DAYS, 0),
    )
    if found.within_months and found.within_days:
        raise after.refusal("within_days", "within_months and within_days exclude each other; leave one of them")
    after.close()
    return found


def _back_to_back(table: Table) -> BackToBack | None:
    if not table.has("back_to_back"):
        return None
    second = table.table("back_to_back")
    found = BackToBack(
        allowed=second.flag("allowed"),
        for_other_origin=second.flag("for_other_origin", False),
        keeps_validity=second.flag("keeps_validity", False),
    )
    second.close()
    return found


def _third_country_invoice(table: Table) -> ThirdCountryInvoice | None:
    if not table.has("third_country_invoice"):
        return None
    invoice = table.table("third_country_invoice")
    found = ThirdCountryInvoice(
        allowed=invoice.flag("allowed"), marked=invoice.flag("marked", False), issuer=invoice.flag("issuer", False)
    )
    invoice.close()
    return found


def _all_matching(table: Table, key: str, form: re.Pattern[str], must: str) -> tuple[str, ...]:
    texts = table.texts(key, ())
    for text in texts:
        _matching(table, key, text, form, must)
    return texts


def _matching(table: Table, key: str, text: str, form: re.Pattern[str], must: str) -> str:
    if form.fullmatch(text) is None:
        raise table.refusal(key, f"{key[:20]} must {must}")
    return text
