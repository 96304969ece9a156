"""What an arrangement says about operators: which lists come how often, and how codes look and are compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from node.model.operator_key import OperatorKey, folded


class ListMode(StrEnum):
    """How operators are told of. A suspension, and everything that ends a certificate, is always told at once."""

    LISTS_AND_EVENTS = "lists-and-events"
    LISTS = "lists"
    EVENTS = "events"


class Use(StrEnum):
    """Whether an identifier is told."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NEVER = "never"


class Comparison(StrEnum):
    """How a code that somebody declares is compared with the one that was told."""

    FOLDED = "folded"
    """Letters and digits, in capitals: separators and small letters do not matter."""
    AS_WRITTEN = "as-written"
    """Character by character, without outer blanks."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier of a country's operators; `pattern` must match the whole of it, None: any form.

    A `prefix` may stand before the code or be left out where it is declared, as `AEOXB` before a number.
    """

    use: Use = Use.OPTIONAL
    pattern: re.Pattern[str] | None = None
    prefix: str = ""
    comparison: Comparison = Comparison.FOLDED

    def keys(self, code: str) -> tuple[OperatorKey, ...]:
        """The ways to write this code, as the register is searched by."""
        exact = self.comparison is Comparison.AS_WRITTEN
        forms = (code, *self._other_form(code)) if self.prefix else (code,)
        return tuple([OperatorKey(key, form if exact else "") for form in forms if (key := folded(form))])

    def _other_form(self, code: str) -> tuple[str, ...]:
        if code.upper().startswith(self.prefix.upper()):
            return (code[len(self.prefix) :],)
        return (self.prefix + code,)


IDENTIFIERS: Mapping[str, str] = {
    "certificate_number": "certificateNumber",
    "tin": "tin",
    "national_id": "nationalId",
    "partner_assigned_code": "partnerAssignedCode",
}
"""Names of identifiers in an arrangement, and the members of a record."""

ANY = Identifier()
"""What nothing was agreed about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorTerms:
    """How operators are told of; `identifiers` by country of the authority and member of the record.

    `baseline_days` and `delta_days` say how many days may pass between two complete lists and between two lists of any
    sort; None where nothing was agreed.
    """

    mode: ListMode = ListMode.LISTS_AND_EVENTS
    baseline_days: int | None = None
    delta_days: int | None = None
    identifiers: Mapping[str, Mapping[str, Identifier]] = field(default_factory=dict)

    def of(self, country: str) -> Mapping[str, Identifier]:
        """What is agreed about the operators of an authority of this country."""
        return self.identifiers.get(country, {})


NO_OPERATOR_TERMS = OperatorTerms()
"""Any identifier in any form."""
