"""Business answers: good documents with their fields, and bad ones with the error they meet."""

import json

from messages import message_id
from scenery import as_json

SCHEMA = "urn:n2n:v1:business-answer"
ABOUT = {"message_id": message_id("answered paper"), "sha256": "5e" * 32}
MALFORMED, NOT_JSON, TWICE = "N2N-ANS-003", "N2N-JSON-001", "N2N-JSON-002"

GOOD: dict[str, dict[str, str]] = {
    "accepted without a word": {"verdict": "accepted"},
    "rejected with everything": {
        "verdict": "rejected",
        "reason_code": "R07",
        "reason": "原產地標準不符；請見附註 “B-2”",
        "reference": "XB-2026/0815",
    },
    "conditional on several lines": {"verdict": "conditional", "reason": "inspection on arrival:\n\tsample 3 of 40"},
}


def document(fields: dict[str, object]) -> bytes:
    """The one form of an answer."""
    value = {"about": ABOUT, "schema": SCHEMA} | fields
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def backwards(fields: dict[str, object]) -> bytes:
    """The same members, the last one first."""
    value = json.loads(document(fields))
    return json.dumps(dict(reversed(value.items())), ensure_ascii=False, separators=(",", ":")).encode()


def _bad() -> dict[str, tuple[bytes, str]]:
    plain = document({"verdict": "accepted"})
    return {
        "an unknown verdict": (document({"verdict": "perhaps"}), MALFORMED),
        "no verdict": (document({}), MALFORMED),
        "an unknown member": (document({"verdict": "accepted", "why": "x"}), MALFORMED),
        "an empty text": (document({"verdict": "accepted", "reason": ""}), MALFORMED),
        "a text that is a number": (document({"verdict": "accepted", "reason": 7}), MALFORMED),
        "a reference of 129 characters": (document({"verdict": "accepted", "reference": "x" * 129}), MALFORMED),
        "a text that changes its direction": (document({"verdict": "accepted", "reason": "a\u202eb"}), MALFORMED),
        "a text that is not in NFC": (document({"verdict": "accepted", "reason": "e\u0301"}), MALFORMED),
        "another schema": (document({"verdict": "accepted", "schema": "urn:n2n:v2:business-answer"}), MALFORMED),
        "no paper": (plain.replace(json.dumps(ABOUT, separators=(",", ":")).encode(), b"null"), MALFORMED),
        "a digest in capitals": (plain.replace(b"5e5e", b"5E5E"), MALFORMED),
        "a digest one digit short": (plain.replace(b"5e5e", b"5e5", 1), MALFORMED),
        "a message id in capitals": (plain.replace(ABOUT["message_id"].encode(), b"X" * 36), MALFORMED),
        "a line break at its end": (plain + b"\n", MALFORMED),
        "a blank behind a colon": (plain.replace(b'"verdict":', b'"verdict": '), MALFORMED),
        "another order": (backwards({"verdict": "accepted"}), MALFORMED),
        "an escape that need not be": (plain.replace(b"accepted", b"\u0061ccepted"), MALFORMED),
        "a member twice": (plain[:-1] + b',"verdict":"rejected"}', TWICE),
        "a list": (b"[]", MALFORMED),
        "no JSON": (b"accepted", NOT_JSON),
    }  # fmt: skip


def answers() -> bytes:
    """One JSON file."""
    return as_json(
        {
            "about": ABOUT,
            "good": [
                {"name": name, "fields": fields, "document": document(dict(fields)).decode()}
                for name, fields in GOOD.items()
            ],
            "bad": [
                {"name": name, "error": error, "document": data.decode()} for name, (data, error) in _bad().items()
            ],
        }
    )
