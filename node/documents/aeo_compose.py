"""Makes lists of operators: a baseline in as many parts as it needs, and a delta. Same content, same bytes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from node.clock import to_xml
from node.documents.aeo_shape import MAX_RECORDS, SCHEMA
from node.safe_json import Json, parse

PART_BYTES = 900_000
"""Bytes of the records of one part, so that the part with its head stays below the 1 MiB of papers inside a call."""

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class ListHead:
    """What the lists of a series have in common: the authority as papers name it, programme, arrangement, partner."""

    authority: Mapping[str, Json]
    programme: str
    arrangement: str
    partner: str

    @classmethod
    def of(cls, content: bytes) -> "ListHead":
        """The head of an AEO status paper. Raises JsonError classes, and KeyError when it is another paper."""
        paper = parse(content)
        if not isinstance(paper, dict) or not isinstance(authority := paper["authority"], dict):
            raise KeyError("authority")
        programme, arrangement, partner = (str(paper[name]) for name in ("programme", "arrangement", "partner"))
        return cls(authority, programme, arrangement, partner)


def baseline(
    head: ListHead, number: str, sequence: int, issued: datetime, records: Sequence[str], part_bytes: int = PART_BYTES
) -> tuple[bytes, ...]:
    """The parts of a baseline, in order; `records` are JSON, each as OperatorState.record has it.

    A single part is called `number`, several `number-1`, `number-2` and so on.
    """
    portions = list(_portions(records, part_bytes)) or [()]
    several = len(portions) > 1
    return tuple(
        _paper(
            head,
            f"{number}-{part}" if several else number,
            issued,
            f"{number}-{part - 1}" if part > 1 else "",
            {
                "type": "baseline",
                "sequence": sequence,
                "count": len(portion),
                **({"part": part, "parts": len(portions), "total": len(records)} if several else {}),
            },
            portion,
        )
        for part, portion in enumerate(portions, start=1)
    )


def delta(
    head: ListHead,
    number: str,
    previous: str,
    sequence: int,
    issued: datetime,
    records: Sequence[str],
    removed: Sequence[str] = (),
) -> bytes:
    """The delta of that sequence; `previous` is the number of the list before, `removed` removals as JSON."""
    listed: dict[str, Json] = {"type": "delta", "sequence": sequence, "count": len(records) + len(removed)}
    return _paper(head, number, issued, previous, listed, records, removed)


def _portions(records: Sequence[str], part_bytes: int) -> Iterator[Sequence[str]]:
    start = size = 0
    for at, record in enumerate(records):
        length = len(record.encode()) + 1
        if at > start and (size + length > part_bytes or at - start == MAX_RECORDS):
            yield records[start:at]
            start, size = at, 0
        size += length
    if start < len(records):
        yield records[start:]


def _paper(
    head: ListHead,
    number: str,
    issued: datetime,
    previous: str,
    listed: Mapping[str, Json],
    records: Sequence[str],
    removed: Sequence[str] = (),
) -> bytes:
    said = {
        "schema": SCHEMA,
        "number": number,
        "issued": to_xml(issued),
        "authority": dict(head.authority),
        "programme": head.programme,
        "arrangement": head.arrangement,
        "partner": head.partner,
        **({"previous": previous} if previous else {}),
        "list": dict(listed),
    }
    parts = [_ENCODE(said)[:-1], f'"records":[{",".join(records)}]']
    if removed:
        parts.append(f'"removed":[{",".join(removed)}]')
    return (",".join(parts) + "}").encode()
