"""AEO papers for journeys: one authority of XA, invented operators, everything told to XB."""

import json
from collections.abc import Sequence
from datetime import datetime

from node.documents import aeo_compose
from node.documents.aeo_compose import ListHead

HEAD = ListHead(
    {"id": "XA-CUSTOMS-AEO", "name": "Customs Administration of Alandria", "country": "XA"},
    "AEOS",
    "XA-XB-AEO-MRA",
    "XB",
)


def record(
    number: str, version: int = 1, status: str = "10", effective: str = "2026-11-02T00:00:00Z", **more: object
) -> str:
    said = {
        "certificateNumber": number,
        "certificateType": "878",
        "status": status,
        "effective": effective,
        "certifiedOn": "2026-01-15",
        "name": f"Merrow Works of {number}",
        "address": {"country": "XA", "city": "Westport"},
        "roles": ["exporter"],
        "consent": {"given": True, "partner": "XB", "on": "2026-01-20"},
        "version": version,
        **({"reason": "security-incident"} if status != "10" else {}),
        **more,
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def removal(number: str, reason: str, effective: str = "2026-11-20T00:00:00Z", **more: object) -> str:
    return json.dumps({"certificateNumber": number, "effective": effective, "reason": reason, **more})


def event(name: str, number: str, said: str, issued: datetime, previous: str = "") -> bytes:
    paper = json.loads(aeo_compose.delta(HEAD, number, previous, 2, issued, []))
    del paper["list"]
    paper["event"] = name
    one = json.loads(said)
    paper["records" if "version" in one and "name" in one else "removed"] = [one]
    return json.dumps(paper).encode()


def baseline(
    number: str, sequence: int, issued: datetime, records: Sequence[str], size: int = 900_000
) -> tuple[bytes, ...]:
    return aeo_compose.baseline(HEAD, number, sequence, issued, records, size)


def delta(
    number: str,
    previous: str,
    sequence: int,
    issued: datetime,
    records: Sequence[str] = (),
    removed: Sequence[str] = (),
) -> bytes:
    return aeo_compose.delta(HEAD, number, previous, sequence, issued, records, removed)


__all__ = ["HEAD", "baseline", "delta", "event", "record", "removal"]
