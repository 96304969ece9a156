"""Status of authorised economic operators under mutual recognition: one event, or a list (baseline or delta).

Identity: the issuer is the programme authority's id, the number that of the event or list; the version is `1`, or
`revoked` for the event that ends an operator's chain. `previous` names the event or list that this one follows.
"""

from pathlib import Path

from node.clock import to_xml
from node.documents.aeo_agreed import agreed
from node.documents.aeo_effect import effect_of
from node.documents.aeo_rules import rules
from node.documents.aeo_shape import AEO_STATUS, SCHEMA
from node.documents.checks import joined, moment_of, without_blanks
from node.documents.code_uses import JsonCodes
from node.documents.codes import aeo
from node.documents.json_spots import Spot
from node.documents.kind import JsonKind
from node.model.document import Identity, Reading, Succession


def read(root: Spot) -> Reading:
    """What a paper without findings tells."""
    event = root.text_at("event")
    return Reading(
        identity=Identity(
            issuer=root.text_at("authority", "id"),
            number=root.text_at("number"),
            version=_LAST.get(event, "1"),
        ),
        fields=_fields(root),
        succession=_succession(root, event),
    )


_LAST = {"revoke": "revoked", "withdraw": "withdrawn"}
"""Versions of events after which nothing follows; an operator that comes back is granted anew."""


def _succession(root: Spot, event: str) -> Succession | None:
    previous = root.text_at("previous")
    if not previous:
        return None
    if event:
        return Succession(number=previous, relation=aeo.EVENTS[event].relation)
    return Succession(number=previous, relation="delta" if root.text_at("list", "type") == "delta" else "part")


def _fields(root: Spot) -> dict[str, str]:
    """National numbers and TINs stay in the paper: nobody needs to search people by them."""
    event, records, removed = root.text_at("event"), root.at("records").items(), root.at("removed").items()
    sequence = root.at("list", "sequence").whole
    return without_blanks(
        {
            "number": root.text_at("number"),
            "type": event or root.text_at("list", "type"),
            "sequence": str(sequence) if sequence is not None else "",
            "count": str(len(records) + len(removed)),
            "status": joined(record.text_at("status") for record in records),
            "effective": _moment((*records, *removed)[0].at("effective")) if event else "",
            "reason": (*records, *removed)[0].at("reason").text if event else "",
            "issued": _moment(root.at("issued")),
            "issuer": root.text_at("authority", "name"),
            "programme": root.text_at("programme"),
            "arrangement": root.text_at("arrangement"),
            "partner": root.text_at("partner"),
            "operators": joined(name for record in records for name in _names(record)),
            "certificates": joined(item.text_at("certificateNumber") for item in (*records, *removed)),
        }
    )


def _names(record: Spot) -> tuple[str, str]:
    return record.text_at("name"), record.text_at("nameLocal", "text")


def _moment(spot: Spot) -> str:
    moment = moment_of(spot.text)
    return to_xml(moment) if moment is not None else ""


KIND = JsonKind(
    name="aeo_status",
    version=1,
    data_model=Path(__file__).parent / "data_model/aeo_status_1.txt",
    view=Path(__file__).parent / "view_plans/aeo_status.tsv",
    root=SCHEMA,
    title="AeoStatus",
    title_en="AEO status",
    title_zh="優質企業認證狀態",
    samples=(
        "operator_granted",
        "operator_suspended",
        "operator_reinstated",
        "operator_renamed",
        "operator_merged",
        "operator_withdrew_consent",
        "operators_baseline",
        "operators_delta",
        "operators_baseline_part",
        "operators_baseline_part_last",
    ),
    schema=AEO_STATUS,
    rules=rules,
    agreed=agreed,
    codes=JsonCodes(
        {
            ("partner",): "country",
            ("authority", "country"): "country",
            ("records", "*", "address", "country"): "country",
            ("records", "*", "consent", "partner"): "country",
        }
    ),
    reading=read,
    effect=effect_of,
    number="number",
)
