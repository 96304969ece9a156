"""What an AEO status paper must say beyond its shape: who may be sent, what an event does, how lists hang together."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from node.documents.checks import moment_of
from node.documents.codes import aeo
from node.documents.json_spots import JsonBreach, Spot
from node.documents.json_values import is_date


def rules(root: Spot) -> Iterator[JsonBreach]:
    """Every rule that the paper breaks, in no particular order."""
    yield from _head(root)
    if root.at("event").is_there:
        yield from _event(root)
    if root.at("list").is_there:
        yield from _list(root)
    yield from _keys(root)
    for record in root.at("records").items():
        yield from _may_be_sent(record, root.at("partner").text)
        yield from _dates(record, root.at("issued"))
        yield from _status(record)


# --- the paper ------------------------------------------------------------------------------------------------------


def _head(root: Spot) -> Iterator[JsonBreach]:
    if root.at("event").is_there == root.at("list").is_there:
        yield root.breaks("needs exactly one of event and list")
    if root.at("programme").text == aeo.COMPLIANCE_PROGRAMME:
        yield root.at("programme").breaks("AEOG is never sent: it has no security and safety")
    previous = root.at("previous")
    if previous.is_there and previous.text == root.at("number").text:
        yield previous.breaks("a paper cannot follow itself")
    if root.at("partner").text and root.at("partner").text == root.at("authority", "country").text:
        yield root.at("partner").breaks("must be another country than the authority's")


def _event(root: Spot) -> Iterator[JsonBreach]:
    event = root.at("event")
    records = root.at("records").items()
    if isinstance(root.at("records").value, list) and len(records) != 1:
        yield root.at("records").breaks("an event is about exactly one operator")
    known = aeo.EVENTS.get(event.text)
    if known is not None and len(records) == 1:
        status = records[0].at("status")
        if status.text in aeo.STATUSES and status.text != known.status:
            yield status.breaks("is not what the event makes of an operator")
    if root.at("removed").is_there:
        yield root.at("removed").breaks("only a delta removes operators")
    if event.text == "grant" and root.at("previous").is_there:
        yield root.at("previous").breaks("a grant follows nothing")
    if event.text == "reinstate" and not root.at("previous").is_there:
        yield event.breaks("a reinstatement needs its previous event")


def _list(root: Spot) -> Iterator[JsonBreach]:
    listed, removed = root.at("records").items(), root.at("removed").items()
    count = root.at("list", "count")
    if isinstance(root.at("records").value, list) and count.whole not in (None, len(listed) + len(removed)):
        yield count.breaks("must be the number of records and removed")
    match root.at("list", "type").text:
        case "delta":
            if not root.at("previous").is_there:
                yield root.at("list").breaks("a delta needs the previous list")
            if root.at("list", "sequence").whole == 1:
                yield root.at("list", "sequence").breaks("nothing comes before the first list")
        case "baseline":
            yield from _baseline(root, listed)


def _baseline(root: Spot, listed: tuple[Spot, ...]) -> Iterator[JsonBreach]:
    if root.at("previous").is_there:
        yield root.at("previous").breaks("a baseline follows nothing")
    if root.at("removed").is_there:
        yield root.at("removed").breaks("only a delta removes operators")
    issued = moment_of(root.at("issued").text)
    for record in listed:
        if record.at("status").text == aeo.REVOKED:
            yield record.at("status").breaks("a baseline lists nobody who is revoked")
        effective = moment_of(record.at("effective").text)
        if issued is not None and effective is not None and effective > issued:
            yield record.at("effective").breaks("a baseline tells what is in force when issued")


def _keys(root: Spot) -> Iterator[JsonBreach]:
    keys = [item.at("certificateNumber") for name in ("records", "removed") for item in root.at(name).items()]
    counts = Counter(key.text for key in keys if key.text)
    for key in keys:
        if counts[key.text] > 1:
            yield key.breaks("must be different on every operator")


# --- one operator ---------------------------------------------------------------------------------------------------


def _may_be_sent(record: Spot, partner: str) -> Iterator[JsonBreach]:
    if record.at("certificateType").text == aeo.COMPLIANCE_ONLY:
        yield record.at("certificateType").breaks("AEOG (879) is never sent")
    consent = record.at("consent")
    if consent.at("given").value is False:
        yield consent.at("given").breaks("an operator without consent is never sent")
    if partner and consent.at("partner").text not in ("", partner):
        yield consent.at("partner").breaks("the consent is for another partner")


def _status(record: Spot) -> Iterator[JsonBreach]:
    if record.at("status").text in (aeo.SUSPENDED, aeo.REVOKED) and not record.at("reason").is_there:
        yield record.at("status").breaks("a suspension or revocation needs a reason")
    if record.at("status").text != aeo.VALID and record.at("reason").text == "remedied":
        yield record.at("reason").breaks("remedied is no reason to suspend or revoke")
    roles = [role.text for role in record.at("roles").items()]
    if len(set(roles)) < len(roles):
        yield record.at("roles").breaks("must name each role once")


def _dates(record: Spot, issued: Spot) -> Iterator[JsonBreach]:
    certified, until = _day(record.at("certifiedOn")), _day(record.at("validUntil"))
    validated, agreed = _day(record.at("validatedOn")), _day(record.at("consent", "on"))
    on = _local_day(issued)
    effective = _local_day(record.at("effective"))
    if certified and until and until < certified:
        yield record.at("validUntil").breaks("must not be before certifiedOn")
    if on and until and until < on and record.at("status").text == aeo.VALID:
        yield record.at("validUntil").breaks("a certificate that has expired is not valid")
    if certified and effective and effective < certified:
        yield record.at("effective").breaks("must not be before certifiedOn")
    if on and agreed and agreed > on:
        yield record.at("consent", "on").breaks("must not be after issued")
    if on and validated and validated > on:
        yield record.at("validatedOn").breaks("must not be after issued")


def _day(spot: Spot) -> date | None:
    return date.fromisoformat(spot.text) if is_date(spot.text) else None


def _local_day(spot: Spot) -> date | None:
    """The day of a moment as its own offset counts, which is the day that the authority meant."""
    return datetime.fromisoformat(spot.text).date() if moment_of(spot.text) is not None else None
