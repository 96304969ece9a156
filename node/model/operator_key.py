"""The codes that operators are searched by, made comparable: every country writes them in its own way (documents 3.2).

A code is declared with or without separators, in capitals or not, with a prefix such as a country's or without. What a
partner's codes look like is agreed with it (`[kind.terms.operators]`), never known here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatorKey:
    """One way to write a code of an operator: `folded` is compared, and `exact` too where it is not empty."""

    folded: str
    exact: str = ""


def folded(code: str) -> str:
    """A code as it is compared: letters and digits only, in capitals; empty when it has none."""
    return code.upper() if code.isalnum() else "".join(filter(str.isalnum, code)).upper()
