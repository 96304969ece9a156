"""Operators to measure with: invented, each with everything that an arrangement may release."""

import json

from node.documents.aeo_compose import ListHead

HEAD = ListHead(
    {
        "id": "XA-CUSTOMS-AEO",
        "name": "Customs Administration of Alandria",
        "country": "XA",
        "nameLocal": {"lang": "zh-Hant-TW", "text": "南嶼關務署"},
    },
    "AEOS",
    "XA-XB-AEO-MRA",
    "XB",
)

_TOWNS = ("Westport", "Luwan", "Harrow Bay", "Tennel", "Ostrand")


def record(number: int, version: int) -> str:
    """The record of the operator with this number, as JSON of some 600 bytes."""
    return json.dumps(
        {
            "certificateNumber": f"XA-AEOS-{number:08}",
            "certificateType": "878",
            "status": "10",
            "effective": "2026-01-15T00:00:00+08:00",
            "certifiedOn": "2026-01-15",
            "validUntil": "2199-12-31",
            "validatedOn": "2026-01-10",
            "name": f"Merrow Precision Works {number} Ltd",
            "nameLocal": {"lang": "zh-Hant-TW", "text": f"茂洛精密工業第{number}股份有限公司"},
            "address": {
                "lines": [f"{number % 997} Foundry Lane", "Harbour Estate"],
                "city": _TOWNS[number % len(_TOWNS)],
                "postcode": f"{number % 99_999:05}",
                "country": "XA",
            },
            "roles": ["exporter", "manufacturer"],
            "tin": code_of(number),
            "partnerAssignedCode": f"XB7{number:09}",
            "consent": {"given": True, "partner": "XB", "on": "2026-01-12"},
            "version": version,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def code_of(number: int) -> str:
    """The TIN of the operator with this number."""
    return f"XA{number:08}"
