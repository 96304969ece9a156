"""A lookup: request and answers with their fields, the leaf over both, and what is refused."""

from messages import MALFORMED, NOW, Bad, Fields
from raw import canonical, encode
from scenery import as_json, seed
from trees import sha256

from node.protocol.n2n.v1 import exchange_pb2

QUESTION: Fields = {
    "nonce": seed("lookup, nonce").hex(),
    "kind": "certificate_of_origin",
    "issuer": "XA:Chamber",
    "number": "XA-CO-2026-000123",
    "on": "2026-11-22",
}
UNKNOWN: Fields = {"said_at": NOW, "status": "unknown"}
IN_FORCE: Fields = {
    "in_force": True,
    "said_at": NOW,
    "status": "in_force",
    "valid_from": "2026-11-21",
    "valid_until": "2027-11-20",
    "status_since": NOW,
    "left": [{"item": "1", "measure": "quantity", "unit": "KGM", "left": "1200"}],
}


def lookups() -> bytes:
    """lookup.json."""
    asked = _bytes("LookupRequest", QUESTION)
    return as_json(
        {
            "request": {"fields": QUESTION, "bytes": asked.hex()},
            "answers": [_answer(asked, fields) for fields in (IN_FORCE, UNKNOWN)],
            "bad": {
                kind: [
                    {"name": name, "rule": rule, "error": error, "bytes": data.hex()} for name, rule, error, data in bad
                ]
                for kind, bad in (("LookupRequest", _bad_requests()), ("LookupAnswer", _bad_answers()))
            },
        }
    )


def _bytes(kind: str, fields: Fields) -> bytes:
    return encode(canonical(exchange_pb2.DESCRIPTOR.message_types_by_name[kind], fields))


def _answer(asked: bytes, fields: Fields) -> Fields:
    said = _bytes("LookupAnswer", fields)
    return {"fields": fields, "bytes": said.hex(), "leaf": sha256(b"\x00" + sha256(asked) + sha256(said)).hex()}


def _bad_requests() -> list[Bad]:
    def bad(name: str, field: str, value: object) -> Bad:
        return name, f"LookupRequest.{field}", MALFORMED, _bytes("LookupRequest", {**QUESTION, field: value})

    return [
        bad("a nonce of 31 bytes", "nonce", "00" * 31),
        bad("a kind with a capital", "kind", "Certificate"),
        bad("no issuer", "issuer", ""),
        bad("a number with a line end", "number", "1\n2"),
        bad("no day", "on", ""),
        bad("a day that is none", "on", "2026-02-30"),
        bad("a moment before 1970", "known_at", -1),
    ]


def _bad_answers() -> list[Bad]:
    def bad(name: str, rule: str, **changes: object) -> Bad:
        return name, rule, MALFORMED, _bytes("LookupAnswer", {**IN_FORCE, **changes})

    left = {"item": "1", "measure": "quantity", "unit": "KGM", "left": "1200"}
    return [
        bad("in force and suspended", "LookupAnswer.status", status="suspended"),
        bad("not in force and in force", "LookupAnswer.status", in_force=False),
        bad("no status", "LookupAnswer.status", status="", in_force=False),
        bad("never said", "LookupAnswer.said_at", said_at=0),
        bad("a day with a time", "LookupAnswer.valid_until", valid_until="2027-11-20T00"),
        bad("less than nothing left", "QuantityLeft.left", left=[{**left, "left": "-1"}]),
    ]
