"""What an AEO status paper does to the operator register: one operator of an event, or those of a list."""

import json
from collections.abc import Mapping
from datetime import datetime

from node.documents.checks import moment_of
from node.documents.codes import aeo
from node.documents.json_spots import Spot
from node.documents.json_values import date_of
from node.model.effect import Effect
from node.model.operator import OperatorRecord, OperatorRemoval, OperatorStatus
from node.model.operator_effect import Entry, OperatorEvent, OperatorList
from node.model.operator_key import OperatorKey
from node.model.operator_terms import ANY, IDENTIFIERS, NO_OPERATOR_TERMS, Identifier
from node.model.terms import Terms

STATUSES: Mapping[str, OperatorStatus] = {
    aeo.VALID: OperatorStatus.VALID,
    aeo.SUSPENDED: OperatorStatus.SUSPENDED,
    aeo.REVOKED: OperatorStatus.REVOKED,
}
"""Of records, by UNTDID 1373."""

ENDS: Mapping[str, OperatorStatus] = {
    aeo.CONSENT_WITHDRAWN: OperatorStatus.UNLISTED,
    "revoked": OperatorStatus.REVOKED,
    "withdrawn": OperatorStatus.WITHDRAWN,
    "expired": OperatorStatus.EXPIRED,
    "ceased": OperatorStatus.CEASED,
    "merged": OperatorStatus.MERGED,
}
"""Of removals, by their reason."""

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def effect_of(root: Spot, terms: Terms) -> Effect:
    """What a paper without findings does."""
    agreed = (terms.operators or NO_OPERATOR_TERMS).of(root.text_at("authority", "country"))
    records = tuple(_record(record, agreed) for record in root.at("records").items())
    removals = tuple(_removal(removed) for removed in root.at("removed").items())
    authority, programme, number = root.text_at("authority", "id"), root.text_at("programme"), root.text_at("number")
    issued = _moment(root.text_at("issued"))
    if root.has("event"):
        entry: Entry = records[0] if records else removals[0]
        return OperatorEvent(authority=authority, programme=programme, number=number, issued=issued, entry=entry)
    named = root.at("list")
    return OperatorList(
        authority=authority,
        programme=programme,
        number=number,
        issued=issued,
        is_baseline=named.at("type").text == "baseline",
        sequence=named.at("sequence").whole or 0,
        part=named.at("part").whole or 1,
        parts=named.at("parts").whole or 1,
        total=len(records) if not named.has("total") else named.at("total").whole or 0,
        records=records,
        removals=removals,
    )


def _record(record: Spot, agreed: Mapping[str, Identifier]) -> OperatorRecord:
    return OperatorRecord(
        certificate_number=record.text_at("certificateNumber"),
        status=STATUSES[record.text_at("status")],
        reason=record.text_at("reason"),
        effective=_moment(record.text_at("effective")),
        valid_until=date_of(record.text_at("validUntil")),
        version=record.at("version").whole or 0,
        consent_on=date_of(record.text_at("consent", "on")),
        body=_ENCODE(record.value),
        keys=_keys(record, agreed),
    )


def _keys(record: Spot, agreed: Mapping[str, Identifier]) -> tuple[OperatorKey, ...]:
    return tuple(
        key
        for member in IDENTIFIERS.values()
        if (code := record.text_at(member))
        for key in agreed.get(member, ANY).keys(code)
    )


def _removal(removed: Spot) -> OperatorRemoval:
    reason = removed.text_at("reason")
    return OperatorRemoval(
        certificate_number=removed.text_at("certificateNumber"),
        status=ENDS[reason],
        reason=reason,
        effective=_moment(removed.text_at("effective")),
        version=removed.at("version").whole,
        forget=reason == aeo.CONSENT_WITHDRAWN,
    )


def _moment(text: str) -> datetime:
    return moment_of(text) or _EPOCH
