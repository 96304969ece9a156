"""What enforcement information is made of. The part that names anybody stands apart and is absent by default.

The fields are this node's own: customs share such information in forms that are not public (documents 4).
"""

from node.documents.codes import enforcement as codes
from node.documents.json_shapes import Flag, JsonSchema, Listing, Record
from node.documents.json_values import COUNTRY, DATE, LOCAL_NAME, MOMENT, label, latin, matching, one_of

SCHEMA = "urn:n2n:v1:enforcement-information"

_LOCODE = matching("[A-Z]{2}[A-Z2-9]{3}", "must be a UN/LOCODE such as XATWN")
_HS = matching("([0-9]{2}){1,5}", "must be an HS code of 2 to 10 digits")
_VALUE = matching(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?", "must be a number in digits, as a text")
_UNIT = matching("[A-Z0-9]{2,3}", "must be a unit code (Recommendation 20)")

AUTHORITY = Record({"id": label(70), "name": latin(70), "country": COUNTRY}, {"nameLocal": LOCAL_NAME})

PLACE = Record({"country": COUNTRY}, {"locode": _LOCODE, "name": label(70)})

GOODS = Record(
    needs={"description": label(350)},
    may={"hs": _HS, "quantity": Record({"value": _VALUE, "unit": _UNIT})},
)

PERSON = Record({"name": label(140)}, {"nameLocal": LOCAL_NAME, "document": label(35), "part": label(140)})
COMPANY = Record({"name": label(140), "country": COUNTRY}, {"nameLocal": LOCAL_NAME, "id": label(35)})
CONVEYANCE = Record({"type": label(35), "id": label(70)}, {"country": COUNTRY})

NOMINAL = Record(
    needs={},
    may={
        "persons": Listing(PERSON, most=100, least=1),
        "companies": Listing(COMPANY, most=100, least=1),
        "conveyances": Listing(CONVEYANCE, most=100, least=1),
    },
)
"""Who: only where the arrangement allows it."""

ENFORCEMENT_INFORMATION = JsonSchema(
    Record(
        needs={
            "schema": matching(SCHEMA, f"must be {SCHEMA}"),
            "number": label(70),
            "issued": MOMENT,
            "authority": AUTHORITY,
            "partner": COUNTRY,
            "purpose": label(70),
            "legalBasis": label(140),
            "retainUntil": DATE,
            "onwardUse": Flag(),
            "offence": Record(
                {
                    "type": one_of(frozenset(codes.OFFENCES), "must be an offence of the list"),
                    "on": DATE,
                    "place": PLACE,
                }
            ),
            "detection": one_of(frozenset(codes.DETECTIONS), "must be a way of detection of the list"),
        },
        may={
            "previous": label(70),
            "mode": one_of(frozenset(codes.MODES), "must be a mode of transport (Recommendation 19)"),
            "route": Listing(PLACE, most=20, least=1),
            "goods": Listing(GOODS, most=100, least=1),
            "concealment": label(350),
            "riskIndicators": Listing(label(140), most=50, least=1),
            "nominal": NOMINAL,
        },
    )
)
