"""What enforcement information must say beyond its shape, and what an arrangement must allow."""

from collections.abc import Iterator

from node.documents.checks import date_of, moment_of
from node.documents.json_spots import JsonBreach, Spot
from node.model.terms import Terms


def rules(root: Spot) -> Iterator[JsonBreach]:
    """Every rule that the paper breaks, in no particular order."""
    if root.value_at("onwardUse") is True:
        yield root.at("onwardUse").breaks("must be false: it is given for one purpose and not handed on")
    if root.at("previous").is_there and root.text_at("previous") == root.text_at("number"):
        yield root.at("previous").breaks("a paper cannot follow itself")
    if root.text_at("partner") and root.text_at("partner") == root.text_at("authority", "country"):
        yield root.at("partner").breaks("must be another country than the authority's")
    nominal = root.at("nominal")
    if isinstance(nominal.value, dict) and not nominal.value:
        yield nominal.breaks("names nobody; leave it out")
    yield from _dates(root)


def _dates(root: Spot) -> Iterator[JsonBreach]:
    issued, retained = moment_of(root.text_at("issued")), date_of(root.text_at("retainUntil"))
    happened = date_of(root.text_at("offence", "on"))
    if issued is None:
        return
    if retained is not None and retained <= issued.date():
        yield root.at("retainUntil").breaks("must be after the day of issue")
    if happened is not None and (happened - issued.date()).days > 1:
        yield root.at("offence", "on").breaks("must not be after the day of issue")


def agreed(root: Spot, terms: Terms) -> Iterator[JsonBreach]:
    """The terms of the arrangement that the paper breaks."""
    allowed = terms.enforcement
    if allowed is None:
        yield root.breaks("the arrangement does not turn this kind on")
        return
    if root.text_at("purpose") not in allowed.purposes:
        yield root.at("purpose").breaks("is no purpose of the arrangement")
    if root.text_at("legalBasis") not in allowed.legal_bases:
        yield root.at("legalBasis").breaks("is no legal basis of the arrangement")
    if root.has("nominal") and not allowed.nominal:
        yield root.at("nominal").breaks("the arrangement allows nothing that names anybody")
    issued, retained = moment_of(root.text_at("issued")), date_of(root.text_at("retainUntil"))
    if issued is None or retained is None:
        return
    if (retained - issued.date()).days > allowed.max_retention_days:
        yield root.at("retainUntil").breaks(
            f"is later than the {allowed.max_retention_days} days that the arrangement allows"
        )
