"""Header, metadata, body and receipt: good bytes with their fields, and bad bytes with the rule they break."""

from collections.abc import Sequence
from datetime import timedelta

from google.protobuf.descriptor import Descriptor
from raw import Field, Overlong, canonical, encode
from scenery import MOMENT, as_json, ms, seed

from node.model.ids import uuid7
from node.protocol.n2n.v1 import answer_pb2, envelope_pb2

Fields = dict[str, object]
Bad = tuple[str, str, str, bytes]
"""Name, rule that is broken (`Message.field`), error, bytes."""

MALFORMED, NOT_CANONICAL, TOO_LARGE = "N2N-WIRE-001", "N2N-WIRE-002", "N2N-WIRE-003"
DAY_MS = 24 * 60 * 60 * 1000
NOW = ms(MOMENT)


def message_id(name: str, ahead: timedelta = timedelta(0)) -> str:
    """A UUIDv7 for the vectors' moment, the same every time."""
    return uuid7(MOMENT + ahead, lambda count: seed(name)[:count])


def all_messages() -> dict[str, bytes]:
    """The four files."""
    return {
        "header.json": _header(),
        "metadata.json": _metadata(),
        "body.json": _body(),
        "receipt.json": _receipt(),
    }


def vectors(kind: Descriptor, good: Sequence[tuple[str, Fields]], bad: Sequence[Bad]) -> bytes:
    """One JSON file."""
    return as_json(
        {
            "message": kind.full_name,
            "good": [
                {"name": name, "fields": fields, "bytes": encode(canonical(kind, fields)).hex()}
                for name, fields in good
            ],
            "bad": [
                {"name": name, "rule": rule, "error": error, "bytes": data.hex()} for name, rule, error, data in bad
            ],
        }
    )


class Spoiler:
    """Bad bytes made from the fields of a good message."""

    def __init__(self, kind: Descriptor, fields: Fields) -> None:
        self._kind = kind
        self._fields = fields

    @property
    def plain(self) -> list[Field]:
        return canonical(self._kind, self._fields)

    def broken(self, name: str, field: str, **changes: object) -> Bad:
        """Well-formed, but `field` breaks its rule; None leaves a field out."""
        fields = {key: value for key, value in {**self._fields, **changes}.items() if value is not None}
        owner = field if "." in field else f"{self._kind.name}.{field}"
        return name, owner, MALFORMED, encode(canonical(self._kind, fields))

    def spelt(self, name: str, fields: Sequence[Field], error: str = NOT_CANONICAL) -> Bad:
        """The right values in a wrong spelling."""
        return name, self._kind.name, error, encode(fields)

    def spellings(self) -> list[Bad]:
        """Every way to depart from the canonical form that any message has."""
        plain = self.plain
        first, last = plain[0][0], plain[-1]
        return [
            self.spelt("two fields out of order", [plain[1], plain[0], *plain[2:]]),
            self.spelt("a field twice with the same value", [plain[0], *plain]),
            self.spelt("an unknown field at the end", [*plain, (1000, b"x")]),
            self.spelt("a field number of another wire type", [(first, 7), *plain[1:]]),
            ("cut one byte short", self._kind.name, MALFORMED, encode(plain)[:-1]),
            ("a field number zero", self._kind.name, MALFORMED, encode(plain) + b"\x00\x00"),
            self.spelt(
                "the last field again, empty", [*plain, (last[0], b"" if isinstance(last[1], bytes | str) else 0)]
            ),
            ("text that is no protobuf", self._kind.name, MALFORMED, b"<Header/>"),
        ]


# --- header -----------------------------------------------------------------------------------------------------------

HEADER: Fields = {
    "message_id": message_id("first paper"),
    "sender": "XA",
    "recipient": "XB",
    "kind": "certificate_of_origin",
    "kind_version": 1,
    "created_at": NOW,
    "expires_at": NOW + 7 * DAY_MS,
    "priority": "PRIORITY_B",
    "conversation_id": message_id("first conversation"),
}


def _header() -> bytes:
    kind = envelope_pb2.Header.DESCRIPTOR
    good: list[tuple[str, Fields]] = [
        ("an ordinary paper", HEADER),
        ("an answer to it", {**HEADER, "message_id": message_id("answer"), "refers_to": HEADER["message_id"]}),
        (
            "every field at its largest",
            {
                **HEADER,
                "sender": "XA0123456789ABCD",
                "recipient": "XB0123456789ABCD",
                "kind": "k" * 64,
                "kind_version": 65535,
                "expires_at": NOW + 30 * DAY_MS,
                "priority": "PRIORITY_C",
            },
        ),
        ("every field at its smallest", {**HEADER, "kind": "k", "expires_at": NOW + 1, "priority": "PRIORITY_A"}),
    ]
    spoil = Spoiler(kind, HEADER)
    plain = spoil.plain
    identifier = str(HEADER["message_id"])
    bad = [
        *spoil.spellings(),
        spoil.spelt("a number one byte longer than needed", [*plain[:4], (5, Overlong(1)), *plain[5:]]),
        spoil.spelt("an absent field written as empty", [*plain, (10, "")]),
        spoil.broken("message id in capitals", "message_id", message_id=identifier.upper()),
        spoil.broken("message id of version 4", "message_id", message_id=identifier[:14] + "4" + identifier[15:]),
        spoil.broken("message id without hyphens", "message_id", message_id=identifier.replace("-", "")),
        spoil.broken(
            "message id of another moment", "message_id", message_id=message_id("later", timedelta(milliseconds=1))
        ),
        spoil.broken("no message id", "message_id", message_id=None),
        spoil.broken("sender in small letters", "sender", sender="xa"),
        spoil.broken("sender of 17 characters", "sender", sender="XA0123456789ABCDE"),
        spoil.broken("recipient of one character", "recipient", recipient="X"),
        spoil.broken("recipient with a line end", "recipient", recipient="XB\n"),
        spoil.broken("kind with a hyphen", "kind", kind="certificate-of-origin"),
        spoil.broken("kind of 65 characters", "kind", kind="k" * 65),
        spoil.broken("no kind version", "kind_version", kind_version=None),
        spoil.broken("kind version 65536", "kind_version", kind_version=65536),
        spoil.broken("no creation time", "created_at", created_at=None),
        spoil.broken("negative creation time", "created_at", created_at=-1),
        spoil.broken("expires when it was created", "expires_at", expires_at=NOW),
        spoil.broken("expires 1 ms too late", "expires_at", expires_at=NOW + 30 * DAY_MS + 1),
        spoil.broken("no priority", "priority", priority=None),
        spoil.broken("unknown priority", "priority", priority=4),
        spoil.broken("no conversation", "conversation_id", conversation_id=None),
        spoil.broken("conversation that is no UUID", "conversation_id", conversation_id="first"),
        spoil.broken(
            "refers to something that is no UUIDv7", "refers_to", refers_to="1c0f8f5a-0000-4000-8000-000000000000"
        ),
        ("text that is not UTF-8", "Header", MALFORMED, encode([*plain[:3], (4, b"\xff\xfe"), *plain[4:]])),
        ("one byte over 1 KiB", "Header", TOO_LARGE, _padded(encode(plain), 1025)),
    ]
    return vectors(kind, good, bad)


def _padded(data: bytes, size: int) -> bytes:
    """`data` with an unknown field behind it, `size` bytes long."""
    frame = len(encode([(15, b"x" * 200)])) - 200
    return data + encode([(15, b"x" * (size - len(data) - frame))])


# --- metadata and body ------------------------------------------------------------------------------------------------

METADATA: Fields = {
    "media_type": "application/xml",
    "ucr": ["6XA123456789-2026-0001"],
    "chain": {"issuer": "XA:Chamber", "number": "XA-CO-2026-000123"},
    "arrangement": "xa-xb-trade-papers",
}

ATTACHMENT: Fields = {
    "name": "laboratory report.pdf",
    "media_type": "application/pdf",
    "size": 70000,
    "sha256": seed("attachment plaintext").hex(),
    "upload_sha256": seed("attachment ciphertext").hex(),
    "key": seed("attachment key").hex(),
}


def _metadata() -> bytes:
    kind = envelope_pb2.Metadata.DESCRIPTOR
    least = {"media_type": "application/json", "arrangement": "a"}
    follows = {**METADATA, "chain": {"issuer": "XA:Chamber", "number": "1", "predecessor": seed("predecessor").hex()}}
    good: list[tuple[str, Fields]] = [
        ("an ordinary paper", METADATA),
        ("only what must be there", least),
        ("a successor in a chain", follows),
        ("an attachment by Upload", {**METADATA, "attachments": [ATTACHMENT]}),
        ("sixteen references", {**METADATA, "ucr": [f"UCR-{number:031d}" for number in range(16)]}),
    ]
    spoil = Spoiler(kind, METADATA)
    hostile = {
        "a path as attachment name": {"name": "../report.pdf"},
        "a backslash in an attachment name": {"name": "a\\b"},
        "two dots as attachment name": {"name": ".."},
        "an attachment key of 16 bytes": {"key": "00" * 16},
        "an attachment digest of 31 bytes": {"sha256": "00" * 31},
        "an upload digest of 33 bytes": {"upload_sha256": "00" * 33},
        "an attachment without media type": {"media_type": ""},
    }
    bad = [
        *spoil.spellings(),
        spoil.broken("another media type", "media_type", media_type="text/xml"),
        spoil.broken("no media type", "media_type", media_type=None),
        spoil.broken("seventeen references", "ucr", ucr=["U"] * 17),
        spoil.broken("an empty reference", "ucr", ucr=[""]),
        spoil.broken("a reference of 36 characters", "ucr", ucr=["U" * 36]),
        spoil.broken("a reference with a line end", "ucr", ucr=["U\n"]),
        spoil.broken("a reference that turns the reading direction", "ucr", ucr=["U\u202eX"]),
        spoil.broken("a chain without issuer", "Chain.issuer", chain={"number": "1"}),
        spoil.broken("a chain without number", "Chain.number", chain={"issuer": "XA:Chamber"}),
        spoil.broken(
            "a predecessor of 31 bytes",
            "Chain.predecessor",
            chain={"issuer": "XA:Chamber", "number": "1", "predecessor": "00" * 31},
        ),
        spoil.broken("no arrangement", "arrangement", arrangement=None),
        spoil.broken("an arrangement in capitals", "arrangement", arrangement="XA-XB"),
        spoil.broken("seventeen attachments", "attachments", attachments=[ATTACHMENT] * 17),
        *(
            spoil.broken(
                name,
                f"Attachment.{next(iter(change))}",
                attachments=[{key: value for key, value in {**ATTACHMENT, **change}.items() if value}],
            )
            for name, change in hostile.items()
        ),
    ]
    return vectors(kind, good, bad)


def _body() -> bytes:
    kind = envelope_pb2.Body.DESCRIPTOR
    metadata = encode(canonical(envelope_pb2.Metadata.DESCRIPTOR, METADATA)).hex()
    body: Fields = {"salt": seed("salt").hex(), "metadata": metadata, "document": b"<Paper/>".hex()}
    good: list[tuple[str, Fields]] = [
        ("batch assurance: no signature of its own", body),
        ("four signatures", {**body, "signatures": [f"0{number}" for number in range(1, 5)]}),
    ]
    spoil = Spoiler(kind, body)
    bad = [
        *spoil.spellings(),
        spoil.broken("a salt of 31 bytes", "salt", salt="00" * 31),
        spoil.broken("no salt", "salt", salt=None),
        spoil.broken("no metadata", "metadata", metadata=None),
        spoil.broken("no document", "document", document=None),
        spoil.broken("five signatures", "signatures", signatures=["01"] * 5),
        spoil.broken("an empty signature", "signatures", signatures=[""]),
    ]
    return vectors(kind, good, bad)


# --- receipt ----------------------------------------------------------------------------------------------------------

ACCEPTED: Fields = {
    "message_id": HEADER["message_id"],
    "leaf": seed("a leaf").hex(),
    "verdict": "VERDICT_ACCEPTED",
    "received_at": NOW + 250,
}

FINDINGS: list[object] = [
    {
        "code": "SCHEMA",
        "path": "/CertificateOfOrigin/ExportCountry",
        "rule": "must be two capital letters (ISO 3166-1)",
    },
    {"code": "RULE", "path": "/CertificateOfOrigin/ValidUntil", "rule": "must not be before IssueDate"},
]


def _receipt() -> bytes:
    kind = answer_pb2.Receipt.DESCRIPTOR
    refused = {**ACCEPTED, "verdict": "VERDICT_REFUSED", "findings": FINDINGS}
    absent = {**{key: value for key, value in ACCEPTED.items() if key != "leaf"}, "verdict": "VERDICT_ABSENT"}
    good: list[tuple[str, Fields]] = [
        ("accepted", ACCEPTED),
        ("accepted, the same paper was known under another id", {**ACCEPTED, "already_known": True}),
        ("refused with all findings", refused),
        ("refused without findings", {**ACCEPTED, "verdict": "VERDICT_REFUSED"}),
        ("absent: not held and never to be accepted", absent),
        ("findings in 繁體中文", {**refused, "findings": [{"code": "RULE", "path": "/證明書", "rule": "日期須在前"}]}),
    ]
    spoil = Spoiler(kind, ACCEPTED)
    plain = spoil.plain
    bad = [
        *spoil.spellings(),
        spoil.spelt("an explicit false", [*plain[:3], (5, 0), *plain[3:]]),
        spoil.broken("no verdict", "verdict", verdict=None),
        spoil.broken("an unknown verdict", "verdict", verdict=4),
        spoil.broken("accepted without leaf", "leaf", leaf=None),
        spoil.broken("absent with a leaf", "leaf", verdict="VERDICT_ABSENT"),
        spoil.broken("a leaf of 31 bytes", "leaf", leaf="00" * 31),
        spoil.broken("accepted with findings", "findings", findings=FINDINGS),
        spoil.broken("51 findings", "findings", verdict="VERDICT_REFUSED", findings=[{"code": "R"}] * 51),
        spoil.broken("refused and already known", "already_known", verdict="VERDICT_REFUSED", already_known=True),
        spoil.broken("a finding without code", "Finding.code", verdict="VERDICT_REFUSED", findings=[{"rule": "r"}]),
        spoil.broken("a finding code of 65 characters", "Finding.code", **_with_finding(code="C" * 65)),
        spoil.broken("a finding path of 257 characters", "Finding.path", **_with_finding(path="/" * 257)),
        spoil.broken("a finding rule of 65 characters", "Finding.rule", **_with_finding(rule="r" * 65)),
        spoil.broken("a finding that moves the cursor", "Finding.rule", **_with_finding(rule="\x1b[2J")),
        spoil.broken("no time", "received_at", received_at=None),
        spoil.broken("a time after the year 9999", "received_at", received_at=253402300800000),
        spoil.broken("a message id of version 4", "message_id", message_id="1c0f8f5a-0000-4000-8000-000000000000"),
    ]
    return vectors(kind, good, bad)


def _with_finding(**fields: str) -> Fields:
    return {"verdict": "VERDICT_REFUSED", "findings": [{"code": "RULE", **fields}]}
