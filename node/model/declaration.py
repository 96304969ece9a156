"""A customs declaration as far as foreign papers matter to it: authorised operators, certificates, uses, goods."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

UNECE = "N"
"""The category of document types of the United Nations."""


class Level(StrEnum):
    """Where in a declaration something stands."""

    DECLARATION = "declaration"
    CONSIGNMENT = "consignment"
    HOUSE = "house"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it is declared; `unit` is of UN/ECE Recommendation 20, or a currency of ISO 4217 for an amount."""

    number: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class AeoParty:
    """AEOMutualRecognitionParty (WCO 16C): an operator that claims mutual recognition; texts not there are empty."""

    path: str
    level: Level
    item: str
    identifier: str
    role: str


@dataclass(frozen=True, slots=True)
class CertificateReference:
    """AdditionalDocument (WCO 02A): a document that is referred to, and what is written off it."""

    path: str
    level: Level
    item: str
    category: str
    type_code: str
    number: str
    effective: str
    quantity: Quantity | None
    amount: Quantity | None

    @property
    def unece_code(self) -> str:
        """The type as UNTDID 1001 has it; empty where a category says that the code is of another list.

        `N` is the category of UN codes in declarations of the European Union and of those who follow it; some write it
        in front of the code, as N954.
        """
        if self.category not in ("", UNECE):
            return ""
        joined = not self.category and len(self.type_code) > 3 and self.type_code.startswith(UNECE)
        return self.type_code[1:] if joined else self.type_code


@dataclass(frozen=True, slots=True)
class GoodsItem:
    """One line of goods: its number, classification, country of origin and quantities."""

    path: str
    sequence: str
    hs_code: str
    origin: str
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class DeclaredUcr:
    """A unique consignment reference that the declaration names."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one declaration says of operators, certificates, consignments and goods."""

    number: str
    operators: tuple[AeoParty, ...]
    certificates: tuple[CertificateReference, ...]
    ucrs: tuple[DeclaredUcr, ...]
    items: tuple[GoodsItem, ...]


@dataclass(frozen=True, slots=True)
class CertificateItem:
    """One item of a certificate of origin, as far as a declaration's line is compared with it."""

    sequence: str
    hs_code: str
    origin: str
