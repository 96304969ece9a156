"""Enforcement information: what customs tell each other about an offence, for one purpose and for a time.

Identity: the issuer is the authority's id, the number its case reference; `previous` names the paper that this one
continues. Nothing that names anybody becomes a searchable field, and no UCR is read: other papers do not lead here.
"""

from pathlib import Path

from node.clock import to_xml
from node.documents.checks import date_of, moment_of, without_blanks
from node.documents.code_uses import JsonCodes
from node.documents.enforcement_rules import agreed, rules
from node.documents.enforcement_shape import ENFORCEMENT_INFORMATION, SCHEMA
from node.documents.json_spots import Spot
from node.documents.kind import JsonKind
from node.model.document import Identity, Reading, Succession
from node.model.guarded import ENFORCEMENT
from node.model.retention_effect import RetainUntil


def read(root: Spot) -> Reading:
    """What a paper without findings tells."""
    day, issued, previous = (
        date_of(root.text_at("retainUntil")),
        moment_of(root.text_at("issued")),
        root.text_at("previous"),
    )
    return Reading(
        identity=Identity(issuer=root.text_at("authority", "id"), number=root.text_at("number"), version="1"),
        fields=without_blanks(
            {
                "number": root.text_at("number"),
                "issued": to_xml(issued) if issued is not None else "",
                "issuer": root.text_at("authority", "name"),
                "partner": root.text_at("partner"),
                "purpose": root.text_at("purpose"),
                "retain_until": root.text_at("retainUntil"),
                "nominal": "yes" if root.has("nominal") else "no",
            }
        ),
        succession=Succession(number=previous, relation="continues") if previous else None,
        effect=RetainUntil(day) if day is not None else None,
    )


KIND = JsonKind(
    name=ENFORCEMENT,
    version=1,
    data_model=Path(__file__).parent / "data_model/enforcement_information_1.txt",
    view=Path(__file__).parent / "view_plans/enforcement_information.tsv",
    root=SCHEMA,
    title="EnforcementInformation",
    title_en="Enforcement information",
    title_zh="執法資訊",
    samples=("cigarettes", "cigarettes_more", "wildlife"),
    schema=ENFORCEMENT_INFORMATION,
    rules=rules,
    codes=JsonCodes(
        {
            ("authority", "country"): "country",
            ("partner",): "country",
            ("offence", "place", "country"): "country",
            ("route", "*", "country"): "country",
            ("goods", "*", "quantity", "unit"): "unit",
        }
    ),
    agreed=agreed,
    reading=read,
    number="number",
)
