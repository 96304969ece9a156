"""What an arrangement says about certificates of origin: one set of rules for each agreement that they may prove.

Nothing here is a rule of ours: which criteria, how many digits, how long a certificate lasts is what the parties
agreed, and much of it is in no public source. A part that is None, or empty, is not judged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class CertificateType(StrEnum):
    """UNTDID 1001: proofs of a preference."""

    PREFERENCE = "864"
    FORM_A = "865"
    EUR_1 = "954"


class Lasting(StrEnum):
    """How ValidUntil is bound to the agreed number of months."""

    EXACTLY = "exactly"
    AT_MOST = "at_most"


class LastDay(StrEnum):
    """Which day ends a number of months that begins on the day of issue."""

    SAME_DAY = "same_day"
    """2026-11-13 and 12 months end on 2027-11-13."""
    DAY_BEFORE = "day_before"
    """They end on 2027-11-12."""


class ProducerRule(StrEnum):
    """What items say about their producers."""

    OPTIONAL = "optional"
    CONFIDENTIAL = "confidential"
    """Each item names a producer, who may remain confidential."""
    NAMED = "named"
    """Each item names a producer, and none is confidential."""


class DemandedField(StrEnum):
    """What the schema leaves open and an agreement may demand; below Item, of every item."""

    VALID_UNTIL = "ValidUntil"
    AUTHORITY_ID = "IssuingAuthority/Id"
    EXPORTER_ID = "Exporter/Id"
    EXPORTER_ADDRESS = "Exporter/Address"
    PRODUCER = "Producer"
    IMPORTER_ID = "Importer/Id"
    IMPORTER_ADDRESS = "Importer/Address"
    TRANSPORT = "Transport"
    MEANS = "Transport/Means"
    VOYAGE = "Transport/Voyage"
    DEPARTURE = "Transport/DepartureDate"
    LOADING = "Transport/PortOfLoading"
    DISCHARGE = "Transport/PortOfDischarge"
    INVOICE = "Invoice"
    UCR = "Ucr"
    MARKS = "Item/Marks"
    PACKAGES = "Item/Packages"
    CRITERION = "Item/OriginCriterion"
    NET_WEIGHT = "Item/NetWeight"
    GROSS_WEIGHT = "Item/GrossWeight"
    QUANTITY = "Item/Quantity"
    VALUE = "Item/Value"
    INVOICE_NUMBER = "Item/InvoiceNumber"
    TOTALS = "Totals"


class LanguageField(StrEnum):
    """Texts that an agreement may demand in a language of its own; below Item, of every item."""

    EXPORTER = "Exporter/Name"
    IMPORTER = "Importer/Name"
    AUTHORITY = "IssuingAuthority/Name"
    GOODS = "Item/Description"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """How long a certificate lasts, in months from its day of issue."""

    months: int
    lasting: Lasting
    last_day: LastDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Retroactive:
    """Certificates issued after departure.

    One issued more than `free_days` days after departure must be marked; `within_months` and `within_days` are the
    longest time after departure, 0 when no time is agreed.
    """

    allowed: bool
    free_days: int = 0
    within_months: int = 0
    within_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackToBack:
    """Certificates that rest on one of another party.

    `for_other_origin`: goods whose origin is not the country of export need the reference of the first certificate;
    `keeps_validity`: the second one must not outlast the first.
    """

    allowed: bool
    for_other_origin: bool = False
    keeps_validity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdCountryInvoice:
    """Invoices from a country that is neither of the two; `marked` and `issuer` say what the certificate then needs."""

    allowed: bool
    marked: bool = False
    issuer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRules:
    """What holds for certificates that prove one agreement.

    `criteria` are the codes that an item may claim, `value_content` the least percentage for those that need one.
    `one_to_one`: one line of a declaration uses one item of the certificate, and no two lines the same one.
    """

    types: frozenset[CertificateType] = frozenset()
    countries: frozenset[str] = frozenset()
    number: re.Pattern[str] | None = None
    criteria: frozenset[str] = frozenset()
    value_content: Mapping[str, Decimal] = field(default_factory=dict)
    hs_digits: int | None = None
    validity: Validity | None = None
    retroactive: Retroactive | None = None
    back_to_back: BackToBack | None = None
    third_country_invoice: ThirdCountryInvoice | None = None
    exhibition: bool = True
    accumulation: bool = True
    de_minimis: bool = True
    producer: ProducerRule = ProducerRule.OPTIONAL
    demanded: tuple[DemandedField, ...] = ()
    language: str = ""
    language_of: tuple[LanguageField, ...] = ()
    one_to_one: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginTerms:
    """The agreements by their name in certificates, and what of others is accepted."""

    agreements: Mapping[str, AgreementRules]
    others: bool = False
    """Whether certificates of an agreement that is not named are accepted, by the kind's own rules alone."""
    non_preferential: bool = True
    """Whether certificates that prove no preference are accepted."""

    def one_to_one(self, agreement: str) -> bool:
        """Whether a line of a declaration and an item of such a certificate belong together one to one."""
        rules = self.agreements.get(agreement)
        return rules is not None and rules.one_to_one
