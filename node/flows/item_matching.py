"""Lines of a declaration and items of a certificate, one to one: no order is demanded, no item serves two lines."""

from collections.abc import Mapping, Sequence

from node.model.declaration import CertificateItem, GoodsItem

MATCH_LIMIT = 250_000
"""Lines times items that are matched: 500 by 500 take well under a second."""

HS_DIGITS = 6
"""What two countries' tariff codes have in common; more is compared where both have more (HS)."""


def matched(lines: Sequence[GoodsItem], items: Sequence[CertificateItem]) -> Mapping[str, str] | None:
    """For each line's number its item's; None when some line finds none for itself.

    Tariff codes agree as far as both go, at least in six digits; the countries of origin agree where a line names one.
    """
    if len(lines) > len(items):
        return None
    fits = [[place for place, item in enumerate(items) if _fits(line, item)] for line in lines]
    line_of: dict[int, int] = {}
    for line in range(len(lines)):
        if not _placed(line, fits, line_of, set()):
            return None
    return {lines[line].sequence: items[place].sequence for place, line in line_of.items()}


def _placed(line: int, fits: list[list[int]], line_of: dict[int, int], tried: set[int]) -> bool:
    """Whether the line finds an item, if need be by moving a line before it to another one (augmenting path)."""
    for place in fits[line]:
        if place in tried:
            continue
        tried.add(place)
        if place not in line_of or _placed(line_of[place], fits, line_of, tried):
            line_of[place] = line
            return True
    return False


def _fits(line: GoodsItem, item: CertificateItem) -> bool:
    digits = min(len(line.hs_code), len(item.hs_code))
    same_code = digits >= HS_DIGITS and line.hs_code[:digits] == item.hs_code[:digits]
    return same_code and line.origin in ("", item.origin)
