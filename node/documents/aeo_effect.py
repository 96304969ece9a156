"""What an AEO status paper does to the operator register: one operator of an event, or those of a list."""

import json
from collections.abc import Mapping
from datetime import datetime

from node.documents.checks import date_of, moment_of
from node.documents.codes import aeo
from node.documents.json_spots import Spot
from node.model.effect import Effect
from node.model.operator import OperatorRecord, OperatorRemoval, OperatorStatus
from node.model.operator_effect import Entry, OperatorEvent, OperatorList
from node.model.operator_key import OperatorKey
from node.model.operator_terms import ANY, IDENTIFIERS, NO_OPERATOR_TERMS, Identifier
from node.model.terms import Terms
from node.safe_json import Json

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
    listed = root.at("records").value
    records = tuple([_record(record, agreed) for record in listed] if isinstance(listed, list) else ())
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


def _record(record: Json, agreed: Mapping[str, Identifier]) -> OperatorRecord:
    """Read without asking where anything stands: a list has thousands, and this one has no finding."""
    said = record if isinstance(record, dict) else {}
    version, consent = said["version"], said["consent"]
    return OperatorRecord(
        certificate_number=_text(said, "certificateNumber"),
        status=STATUSES[_text(said, "status")],
        reason=_text(said, "reason"),
        effective=_moment(_text(said, "effective")),
        valid_until=date_of(_text(said, "validUntil")),
        version=version if isinstance(version, int) else 0,
        consent_on=date_of(_text(consent, "on")) if isinstance(consent, dict) else None,
        body=_ENCODE(said),
        keys=_keys(said, agreed),
    )


def _text(said: Mapping[str, Json], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _keys(said: Mapping[str, Json], agreed: Mapping[str, Identifier]) -> tuple[OperatorKey, ...]:
    keys: list[OperatorKey] = []
    for member in IDENTIFIERS.values():
        if code := _text(said, member):
            keys += agreed.get(member, ANY).keys(code)
    return tuple(keys)


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
