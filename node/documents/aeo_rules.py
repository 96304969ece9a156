"""What an AEO status paper must say beyond its shape: who may be sent, what an event does, how lists hang together."""

from collections.abc import Iterator
from datetime import date, datetime

from node.documents.checks import date_of, moment_of, repeated
from node.documents.codes import aeo
from node.documents.json_spots import JsonBreach, Spot


def rules(root: Spot) -> Iterator[JsonBreach]:
    """Every rule that the paper breaks, in no particular order."""
    records, removed = root.at("records").items(), root.at("removed").items()
    yield from _head(root)
    if root.has("event"):
        yield from _event(root, records, removed)
    if root.has("list"):
        yield from _list(root, records, removed)
    yield from _keys((*records, *removed))
    partner, issued_on = root.text_at("partner"), _local_day(root.text_at("issued"))
    for record in records:
        yield from _may_be_sent(record, partner)
        yield from _dates(record, issued_on)
        yield from _status(record)
    for one in removed:
        if one.at("into").is_there and one.text_at("reason") != "merged":
            yield one.at("into").breaks("only who was merged has one")


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


def _event(root: Spot, records: tuple[Spot, ...], removed: tuple[Spot, ...]) -> Iterator[JsonBreach]:
    event = root.at("event")
    known = aeo.EVENTS.get(event.text)
    if known is not None and known.removal:
        yield from _leaving(root, known, records, removed)
    else:
        yield from _staying(root, known, records)
    if event.text == "grant" and root.at("previous").is_there:
        yield root.at("previous").breaks("a grant follows nothing")
    if event.text == "reinstate" and not root.at("previous").is_there:
        yield event.breaks("a reinstatement needs its previous event")


def _staying(root: Spot, known: aeo.Event | None, records: tuple[Spot, ...]) -> Iterator[JsonBreach]:
    if isinstance(root.at("records").value, list) and len(records) != 1:
        yield root.at("records").breaks("an event is about exactly one operator")
    if known is not None and known.status and len(records) == 1:
        status = records[0].at("status")
        if status.text in aeo.STATUSES and status.text != known.status:
            yield status.breaks("is not what the event makes of an operator")
    if root.at("removed").is_there:
        yield root.at("removed").breaks("only a delta removes operators")


def _leaving(
    root: Spot, known: aeo.Event, records: tuple[Spot, ...], removed: tuple[Spot, ...]
) -> Iterator[JsonBreach]:
    if records:
        yield root.at("records").breaks("who leaves stands in removed, without a record")
    if len(removed) != 1:
        yield root.breaks("an event is about exactly one operator")
    elif removed[0].text_at("reason") in aeo.REMOVALS and removed[0].text_at("reason") != known.removal:
        yield removed[0].at("reason").breaks("is not what the event makes of an operator")


def _list(root: Spot, listed: tuple[Spot, ...], removed: tuple[Spot, ...]) -> Iterator[JsonBreach]:
    count = root.at("list", "count")
    if isinstance(root.at("records").value, list) and count.whole not in (None, len(listed) + len(removed)):
        yield count.breaks("must be the number of records and removed")
    match root.at("list", "type").text:
        case "delta":
            if any(root.at("list", name).is_there for name in ("part", "parts", "total")):
                yield root.at("list").breaks("only a baseline comes in parts")
            if not root.at("previous").is_there:
                yield root.at("list").breaks("a delta needs the previous list")
            if root.at("list", "sequence").whole == 1:
                yield root.at("list", "sequence").breaks("nothing comes before the first list")
        case "baseline":
            yield from _baseline(root, listed)


def _baseline(root: Spot, listed: tuple[Spot, ...]) -> Iterator[JsonBreach]:
    yield from _parts(root)
    if root.at("removed").is_there:
        yield root.at("removed").breaks("only a delta removes operators")
    issued = moment_of(root.text_at("issued"))
    for record in listed:
        if record.text_at("status") == aeo.REVOKED:
            yield record.at("status").breaks("a baseline lists nobody who is revoked")
        effective = moment_of(record.text_at("effective"))
        if issued is not None and effective is not None and effective > issued:
            yield record.at("effective").breaks("a baseline tells what is in force when issued")


def _parts(root: Spot) -> Iterator[JsonBreach]:
    named = root.at("list")
    part, parts, total = (named.at(name).whole for name in ("part", "parts", "total"))
    if len({named.has(name) for name in ("part", "parts", "total")}) > 1:
        yield named.breaks("part, parts and total stand together or not at all")
    if part is not None and parts is not None and part > parts:
        yield named.at("part").breaks("must not be more than parts")
    count = named.at("count").whole
    if total is not None and count is not None and (total < count or (parts == 1 and total != count)):
        yield named.at("total").breaks("must be the operators of all parts")
    follows = part is not None and part > 1
    if follows and not root.at("previous").is_there:
        yield named.breaks("a part needs the part before")
    if not follows and root.at("previous").is_there:
        yield root.at("previous").breaks("a baseline follows nothing")


def _keys(items: tuple[Spot, ...]) -> Iterator[JsonBreach]:
    keys = [item.text_at("certificateNumber") for item in items]
    twice = repeated([key for key in keys if key])
    for item, key in zip(items, keys, strict=True):
        if key in twice:
            yield item.at("certificateNumber").breaks("must be different on every operator")


# --- one operator ---------------------------------------------------------------------------------------------------


def _may_be_sent(record: Spot, partner: str) -> Iterator[JsonBreach]:
    if record.text_at("certificateType") == aeo.COMPLIANCE_ONLY:
        yield record.at("certificateType").breaks("AEOG (879) is never sent")
    if record.value_at("consent", "given") is False:
        yield record.at("consent", "given").breaks("an operator without consent is never sent")
    if partner and record.text_at("consent", "partner") not in ("", partner):
        yield record.at("consent", "partner").breaks("the consent is for another partner")


def _status(record: Spot) -> Iterator[JsonBreach]:
    status, reason = record.text_at("status"), record.text_at("reason")
    if status in (aeo.SUSPENDED, aeo.REVOKED) and not record.has("reason"):
        yield record.at("status").breaks("a suspension or revocation needs a reason")
    if status != aeo.VALID and reason == "remedied":
        yield record.at("reason").breaks("remedied is no reason to suspend or revoke")
    roles = record.value_at("roles")
    if isinstance(roles, list) and repeated([role if isinstance(role, str) else "" for role in roles]):
        yield record.at("roles").breaks("must name each role once")


def _dates(record: Spot, issued_on: date | None) -> Iterator[JsonBreach]:
    certified, until = date_of(record.text_at("certifiedOn")), date_of(record.text_at("validUntil"))
    validated, agreed = date_of(record.text_at("validatedOn")), date_of(record.text_at("consent", "on"))
    effective = _local_day(record.text_at("effective"))
    if certified and until and until < certified:
        yield record.at("validUntil").breaks("must not be before certifiedOn")
    if issued_on and until and until < issued_on and record.text_at("status") == aeo.VALID:
        yield record.at("validUntil").breaks("a certificate that has expired is not valid")
    if certified and effective and effective < certified:
        yield record.at("effective").breaks("must not be before certifiedOn")
    if issued_on and agreed and agreed > issued_on:
        yield record.at("consent", "on").breaks("must not be after issued")
    if issued_on and validated and validated > issued_on:
        yield record.at("validatedOn").breaks("must not be after issued")


def _local_day(text: str) -> date | None:
    """The day of a moment as its own offset counts, which is the day that the authority meant."""
    return datetime.fromisoformat(text).date() if moment_of(text) is not None else None
