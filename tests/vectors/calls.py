"""Whole calls: a request with six papers, every kind of answer, a Status, a Describe; and calls that are refused."""

from dataclasses import dataclass, field
from datetime import timedelta

from boxes import CALL_KEY, body_key, close, statement
from messages import DAY_MS, MALFORMED, NOW, TOO_LARGE, Bad, Fields, message_id
from raw import Field, canonical, encode
from scenery import MOMENT, XA, XB, Scenery, as_json, ms, seed
from seals import sign
from trees import path, root, sha256

from node.crypto.algorithms import Suite
from node.crypto.manifest import manifest_to_xml
from node.model.envelope import Manifest, Purpose
from node.model.ids import Digest, NodeCode
from node.protocol.n2n.v1 import answer_pb2, envelope_pb2, exchange_pb2

ARRANGEMENT = "xa-xb-trade-papers"


def certificate_of_origin(number: str, importer: str = "XB", valid_until: str = "2027-11-20") -> bytes:
    """A small certificate of origin."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<CertificateOfOrigin xmlns="urn:n2n:v1:certificate-of-origin">\n'
        f"  <Number>{number}</Number>\n  <TypeCode>861</TypeCode>\n  <Status>issued</Status>\n"
        f"  <IssueDate>2026-11-21</IssueDate>\n  <ValidUntil>{valid_until}</ValidUntil>\n"
        "  <IssuingAuthority><Id>XA:Chamber</Id><Name>Chamber of Commerce of Alvoria</Name>"
        "<Country>XA</Country></IssuingAuthority>\n"
        "  <Exporter><Name>Alvoria Tea Company</Name></Exporter>\n"
        "  <Importer><Name>Belmare Import House</Name></Importer>\n"
        f"  <ExportCountry>XA</ExportCountry>\n  <ImportCountry>{importer}</ImportCountry>\n"
        '  <Item><Sequence>1</Sequence><Packages type="CT">120</Packages><Description>Oolong tea</Description>'
        '<HsCode>090240</HsCode><OriginCountry>XA</OriginCountry><NetWeight unit="KGM">1200</NetWeight></Item>\n'
        "  <ExporterDeclaration><Place>Alvoria</Place><Date>2026-11-20</Date><Signatory>A. Example</Signatory>"
        "</ExporterDeclaration>\n"
        "  <AuthorityCertification><Place>Alvoria</Place><Date>2026-11-21</Date><Signatory>B. Example</Signatory>"
        "</AuthorityCertification>\n</CertificateOfOrigin>\n"
    ).encode()


# --- the papers of the request ----------------------------------------------------------------------------------------


@dataclass
class Paper:
    """A paper of the request: what is drawn once, and what becomes of it."""

    name: str
    document: bytes
    answer: str
    created_at: int = NOW
    predecessor: bytes = b""
    signatures: list[bytes] = field(default_factory=list)

    @property
    def message_id(self) -> str:
        return message_id(self.name, timedelta(milliseconds=self.created_at - NOW))

    @property
    def header(self) -> bytes:
        return encode(
            canonical(
                envelope_pb2.Header.DESCRIPTOR,
                {
                    "message_id": self.message_id,
                    "sender": XA,
                    "recipient": XB,
                    "kind": "certificate_of_origin",
                    "kind_version": 1,
                    "created_at": self.created_at,
                    "expires_at": self.created_at + 7 * DAY_MS,
                    "priority": "PRIORITY_B",
                    "conversation_id": message_id(f"{self.name}, conversation"),
                },
            )
        )

    @property
    def metadata(self) -> bytes:
        number = self.document.split(b"<Number>")[1].split(b"<")[0].decode()
        chain = {"issuer": "XA:Chamber", "number": number}
        if self.predecessor:
            chain["predecessor"] = self.predecessor.hex()
        fields = {"media_type": "application/xml", "chain": chain, "arrangement": ARRANGEMENT}
        return encode(canonical(envelope_pb2.Metadata.DESCRIPTOR, fields))

    @property
    def salt(self) -> bytes:
        return seed(f"{self.name}, salt")

    @property
    def nonce(self) -> bytes:
        return seed(f"{self.name}, nonce")[:12]

    @property
    def body_digest(self) -> bytes:
        return sha256(self.salt + sha256(self.metadata) + sha256(self.document))

    @property
    def leaf(self) -> bytes:
        return sha256(b"\x00" + sha256(self.header) + self.body_digest)

    @property
    def body(self) -> bytes:
        return encode(
            canonical(
                envelope_pb2.Body.DESCRIPTOR,
                {
                    "salt": self.salt.hex(),
                    "metadata": self.metadata.hex(),
                    "document": self.document.hex(),
                    "signatures": [one.hex() for one in self.signatures],
                },
            )
        )


def papers(scenery: Scenery) -> list[Paper]:
    """Six papers, each of which is answered differently."""
    first = certificate_of_origin("XA-CO-2026-000123")
    signature = sign(first, "document.xml", scenery.signers["xa-sign"])
    old = NOW - 8 * DAY_MS
    return [
        Paper("accepted", first, "ACCEPTED", signatures=[signature]),
        Paper("known under another id", first, "ACCEPTED, already known", signatures=[signature]),
        Paper(
            "breaks two rules", certificate_of_origin("XA-CO-2026-000124", "xb", "2026-11-19"), "REFUSED with findings"
        ),
        Paper("expired", certificate_of_origin("XA-CO-2026-000100"), "ABSENT, because it came after expires_at", old),
        Paper(
            "successor of a paper not seen",
            certificate_of_origin("XA-CO-2026-000125"),
            "Deferred PREDECESSOR",
            predecessor=sha256(b"a certificate that was never sent"),
        ),
        Paper("wrong path", certificate_of_origin("XA-CO-2026-000126"), "Coarse NOT_AUTHENTIC"),
    ]


def _seal(scenery: Scenery, leaves: list[bytes], purpose: Purpose, sender: NodeCode, signer: str, at: int) -> Fields:
    recipient = XB if sender == XA else XA
    moment = MOMENT + timedelta(milliseconds=at - NOW)
    profile = (ARRANGEMENT, 1) if purpose is Purpose.PAPERS else ("", 0)
    manifest = manifest_to_xml(
        Manifest(purpose, sender, recipient, moment, len(leaves), Digest(root(leaves)), *profile)
    )
    signature = sign(manifest, purpose.file_name, scenery.signers[signer], moment=moment)
    return {"manifest": manifest.hex(), "signature": signature.hex()}


# --- the request ------------------------------------------------------------------------------------------------------


def all_calls(scenery: Scenery, wrapped: dict[Suite, bytes]) -> dict[str, bytes]:
    """calls.json, deliver-request.json, deliver-response.json and the bytes of every call."""
    listed = papers(scenery)
    request, explained = _request(scenery, listed, wrapped)
    responses, answers = _responses(scenery, listed)
    return {
        "deliver-request.bin": request,
        "deliver-request.json": as_json(explained),
        **responses,
        "deliver-response.json": as_json(answers),
        "calls.json": as_json(_calls()),
    }


def _request(scenery: Scenery, listed: list[Paper], wrapped: dict[Suite, bytes]) -> tuple[bytes, dict[str, object]]:
    expired = next(paper for paper in listed if paper.name == "expired")
    fresh = [paper for paper in listed if paper is not expired]
    # The leaf of a paper that was receipted earlier and travels no more: a request carries any subset of a seal.
    leaves = [seed("a paper that needs no second journey"), *(paper.leaf for paper in fresh)]
    seals = [
        _seal(scenery, leaves, Purpose.PAPERS, XA, "xa-sign", NOW),
        _seal(scenery, [expired.leaf], Purpose.PAPERS, XA, "xa-sign", expired.created_at),
    ]
    envelopes: list[object] = []
    for paper in listed:
        place = (
            (1, 0, []) if paper is expired else (0, leaves.index(paper.leaf), path(leaves, leaves.index(paper.leaf)))
        )
        seal_index, leaf_index, nodes = place
        if paper.name == "wrong path":
            leaf_index -= 1
        envelopes.append(
            {
                "header": paper.header.hex(),
                "body_digest": paper.body_digest.hex(),
                "seal_index": seal_index,
                "leaf_index": leaf_index,
                "path": [node.hex() for node in nodes],
                "sealed_body": close(paper.body, paper.leaf, paper.nonce).hex(),
            }
        )
    key = scenery.decryption[Suite.HYBRID]
    wrap = {"suite": str(key.suite), "recipient_key_id": key.id, "wrapped": wrapped[key.suite].hex()}
    data = _encode(exchange_pb2.DeliverRequest, {"seals": seals, "key": wrap, "envelopes": envelopes})
    explained = [
        {
            "name": paper.name,
            "message_id": paper.message_id,
            "salt": paper.salt.hex(),
            "metadata": paper.metadata.hex(),
            "document": paper.document.decode(),
            "signatures": len(paper.signatures),
            "body_digest": paper.body_digest.hex(),
            "leaf": paper.leaf.hex(),
            "nonce": paper.nonce.hex(),
            "body_key": body_key(CALL_KEY, paper.leaf).hex(),
            "answer": paper.answer,
        }
        for paper in listed
    ]
    return data, {
        "request": "deliver-request.bin",
        "now": ms(MOMENT),
        "sender": XA,
        "recipient": XB,
        "call_key": CALL_KEY.hex(),
        "seals": [bytes.fromhex(str(seal["manifest"])).decode() for seal in seals],
        "papers": explained,
    }


# --- the answers ------------------------------------------------------------------------------------------------------


def _responses(scenery: Scenery, listed: list[Paper]) -> tuple[dict[str, bytes], dict[str, object]]:
    accepted, known, refused, expired, orphan, astray = listed
    rows: list[Fields] = [
        {"message_id": accepted.message_id, "leaf": accepted.leaf.hex(), "verdict": "VERDICT_ACCEPTED"},
        {
            "message_id": known.message_id,
            "leaf": known.leaf.hex(),
            "verdict": "VERDICT_ACCEPTED",
            "already_known": True,
        },
        {
            "message_id": refused.message_id,
            "leaf": refused.leaf.hex(),
            "verdict": "VERDICT_REFUSED",
            "findings": [
                {"code": "RULE", "path": "/CertificateOfOrigin/ValidUntil", "rule": "must not be before IssueDate"},
                {
                    "code": "SCHEMA",
                    "path": "/CertificateOfOrigin/ImportCountry",
                    "rule": "must be two capital letters (ISO 3166-1)",
                },
            ],
        },
        {"message_id": expired.message_id, "verdict": "VERDICT_ABSENT"},
    ]
    receipts = [_receipt(row, NOW + 250) for row in rows]
    seal, signed = _signed(scenery, receipts, NOW + 250)
    document, signature = statement(scenery)
    ids = [paper.message_id for paper in listed]
    never_sent = message_id("never sent")
    closing_seal, closing = _signed(
        scenery, [_receipt({"message_id": never_sent, "verdict": "VERDICT_ABSENT"}, NOW + 900)], NOW + 900
    )
    key = {"code": "DEFERRED_CODE_KEY", "retry_after_ms": 5000, "key_statement": _statement(document, signature)}
    fields: dict[str, Fields] = {
        "deliver-response.bin": {
            "seals": [seal],
            "answers": [
                *({"message_id": identifier, "receipt": one} for identifier, one in zip(ids, signed, strict=False)),
                {
                    "message_id": orphan.message_id,
                    "deferred": {"code": "DEFERRED_CODE_PREDECESSOR", "retry_after_ms": 5000},
                },
                {"message_id": astray.message_id, "coarse": {"reason": "COARSE_REASON_NOT_AUTHENTIC"}},
            ],
        },
        "key-unknown-response.bin": {"answers": [{"message_id": ids[0], "deferred": key}]},
        "status-response.bin": {
            "seals": [seal],
            "answers": [
                {"message_id": ids[0], "receipt": {**signed[0], "repeat": True}},
                {"message_id": never_sent, "not_held": {}},
            ],
        },
        "status-close-response.bin": {
            "seals": [closing_seal],
            "answers": [{"message_id": never_sent, "receipt": closing[0]}],
        },
    }
    asked: dict[str, Fields] = {
        "status-request.bin": {"message_ids": [ids[0], never_sent]},
        "status-close-request.bin": {"message_ids": [never_sent], "close": True},
    }
    files = {name: _encode(exchange_pb2.DeliverResponse, one) for name, one in fields.items()}
    files |= {name: _encode(exchange_pb2.StatusRequest, one) for name, one in asked.items()}
    answers = {
        "now": NOW + 1000,
        "sender": XB,
        "recipient": XA,
        "responses": [
            {
                "file": "deliver-response.bin",
                "answers": "deliver-request.bin",
                "expect": _told(fields["deliver-response.bin"]),
            },
            {
                "file": "key-unknown-response.bin",
                "answers": "a request of one envelope, had XB not known the key id",
                "expect": _told(fields["key-unknown-response.bin"]),
            },
            {
                "file": "status-response.bin",
                "answers": "status-request.bin",
                "expect": _told(fields["status-response.bin"]),
            },
            {
                "file": "status-close-response.bin",
                "answers": "status-close-request.bin",
                "expect": _told(fields["status-close-response.bin"]),
            },
        ],
        "receipts": [{"fields": row, "bytes": one.hex()} for row, one in zip(rows, receipts, strict=True)],
    }
    return files, answers


def _receipt(row: Fields, at: int) -> bytes:
    row.setdefault("received_at", at)
    return encode(canonical(answer_pb2.Receipt.DESCRIPTOR, row))


def _signed(scenery: Scenery, receipts: list[bytes], at: int) -> tuple[Fields, list[Fields]]:
    leaves = [sha256(b"\x00" + one) for one in receipts]
    signed: list[Fields] = [
        {"receipt": one.hex(), "leaf_index": index, "path": [node.hex() for node in path(leaves, index)]}
        for index, one in enumerate(receipts)
    ]
    return _seal(scenery, leaves, Purpose.RECEIPTS, XB, "xb-receipt", at), signed


def _statement(document: bytes, signature: bytes) -> Fields:
    return {"document": document.hex(), "signature": signature.hex()}


def _told(response: Fields) -> list[dict[str, str]]:
    """Each answer in one word, for people."""
    told: list[dict[str, str]] = []
    for answer in response["answers"]:  # type: ignore[attr-defined]
        (kind,) = set(answer) - {"message_id"}
        detail = answer[kind].get("code") or answer[kind].get("reason") or ""
        told.append({"message_id": answer["message_id"], "outcome": kind, "detail": detail})
    return told


# --- calls that are refused as a whole --------------------------------------------------------------------------------


def _calls() -> dict[str, object]:
    describe = {
        "node": "XB",
        "versions": ["n2n/v1"],
        "kinds": [{"kind": "certificate_of_origin", "kind_version": 1, "accepts": True, "sends": True}],
        "suites": ["MLKEM768X25519-HKDF-SHA256-AES256GCM", "X25519-HKDF-SHA256-AES256GCM"],
        "limits": {"request_bytes": 4 << 20, "envelopes": 64, "document_bytes": 1 << 20},
        "server_time": NOW,
        "calls": ["Deliver", "Status", "Lookup", "Describe"],
    }
    lists = {"DeliverRequest": _bad_requests(), "DeliverResponse": _bad_responses(), "StatusRequest": _bad_statuses()}
    return {
        "describe_response": {"fields": describe, "bytes": _encode(exchange_pb2.DescribeResponse, describe).hex()},
        "bad": {
            kind: [
                {"name": name, "rule": rule, "error": error, "bytes": data.hex()} for name, rule, error, data in cases
            ]
            for kind, cases in lists.items()
        },
    }


_SEAL: Fields = {"manifest": b"m".hex(), "signature": b"s".hex()}
_KEY: Fields = {"suite": "X25519-HKDF-SHA256-AES256GCM", "recipient_key_id": "0" * 16, "wrapped": b"w".hex()}
_ENVELOPE: Fields = {"header": encode([(1, message_id("x"))]).hex(), "body_digest": "00" * 32, "sealed_body": "00" * 29}


def _bad_requests() -> list[Bad]:
    plain: Fields = {"seals": [_SEAL], "key": _KEY, "envelopes": [_ENVELOPE]}
    kind = exchange_pb2.DeliverRequest

    def bad(name: str, rule: str, error: str = MALFORMED, **changes: object) -> Bad:
        fields = {key: value for key, value in {**plain, **changes}.items() if value is not None}
        return name, rule, error, _encode(kind, fields)

    def envelope(name: str, place: str, error: str = MALFORMED, **changes: object) -> Bad:
        return bad(name, f"Envelope.{place}", error, envelopes=[{**_ENVELOPE, **changes}])

    def key(name: str, place: str, error: str = MALFORMED, **changes: object) -> Bad:
        return bad(name, f"KeyWrap.{place}", error, key={**_KEY, **changes})

    crowded: list[Field] = [*canonical(kind.DESCRIPTOR, plain), *([(99, b"")] * 158)]
    return [
        ("nothing at all", "DeliverRequest.seals", MALFORMED, b""),
        ("text that is no protobuf", "DeliverRequest", MALFORMED, b"<DeliverRequest/>"),
        ("161 fields", "DeliverRequest", TOO_LARGE, encode(crowded)),
        bad("no seal", "DeliverRequest.seals", seals=None),
        bad("65 seals", "DeliverRequest.seals", seals=[_SEAL] * 65),
        bad("a seal that no envelope uses", "DeliverRequest.seals", seals=[_SEAL, _SEAL]),
        bad("no key", "DeliverRequest.key", key=None),
        bad("no envelope", "DeliverRequest.envelopes", envelopes=None),
        bad("an id twice", "DeliverRequest.envelopes", envelopes=[_ENVELOPE, _ENVELOPE]),
        bad("a seal without manifest", "Seal.manifest", seals=[{"signature": "00"}]),
        bad("a seal without signature", "Seal.signature", seals=[{"manifest": "00"}]),
        key("a suite name with a blank", "suite", suite="X25519 HKDF"),
        key("a suite name of 65 characters", "suite", suite="S" * 65),
        key("no key id", "recipient_key_id", recipient_key_id=""),
        key("no wrapped key", "wrapped", wrapped=""),
        key("a wrapped key of 2049 bytes", "wrapped", TOO_LARGE, wrapped="00" * 2049),
        envelope("no header", "header", header=""),
        envelope("a header of 1025 bytes", "header", TOO_LARGE, header="00" * 1025),
        envelope("a digest of 31 bytes", "body_digest", body_digest="00" * 31),
        envelope("a seal that is not there", "seal_index", seal_index=1),
        envelope("a leaf index of 64", "leaf_index", leaf_index=64),
        envelope("a path of seven nodes", "path", path=["00" * 32] * 7),
        envelope("a path node of 31 bytes", "path", path=["00" * 31]),
        envelope("a body of nothing but nonce and tag", "sealed_body", sealed_body="00" * 28),
    ]


def _bad_responses() -> list[Bad]:
    receipt = {"receipt": "00", "seal_index": 0}
    plain: Fields = {"seals": [_SEAL], "answers": [{"message_id": message_id("x"), "receipt": receipt}]}
    kind = exchange_pb2.DeliverResponse

    def bad(name: str, rule: str, **changes: object) -> Bad:
        fields = {key: value for key, value in {**plain, **changes}.items() if value is not None}
        return name, rule, MALFORMED, _encode(kind, fields)

    def answer(name: str, rule: str, outcome: Fields) -> Bad:
        return bad(name, rule, seals=None, answers=[{"message_id": message_id("x"), **outcome}])

    held: Fields = {"not_held": {}}
    key = {"key_statement": {"document": "00", "signature": "00"}}
    return [
        bad("no answers", "DeliverResponse.answers", seals=None, answers=None),
        bad("65 answers", "DeliverResponse.answers", seals=None, answers=[held] * 65),
        bad("a seal that no receipt uses", "DeliverResponse.seals", seals=[_SEAL, _SEAL]),
        bad("a proof without checkpoint", "DeliverResponse.proof", proof={"from_size": 1}),
        bad("a proof node of 31 bytes", "ConsistencyProof.nodes", checkpoint="00", proof={"nodes": ["00" * 31]}),
        bad("an id that is no UUIDv7", "Answer.message_id", seals=None, answers=[{"message_id": "x", **held}]),
        answer("no outcome", "Answer", {}),
        answer("a receipt under a seal that is not there", "SignedReceipt.seal_index", {"receipt": receipt}),
        answer("deferred without code", "Deferred.code", {"deferred": {"retry_after_ms": 1}}),
        answer("an unknown deferral", "Deferred.code", {"deferred": {"code": 11}}),
        answer("a negative wait", "Deferred.retry_after_ms", {"deferred": {"code": 4, "retry_after_ms": -1}}),
        answer(
            "a wait over 30 days",
            "Deferred.retry_after_ms",
            {"deferred": {"code": 4, "retry_after_ms": 30 * DAY_MS + 1}},
        ),
        answer("keys with another code", "Deferred.key_statement", {"deferred": {"code": 8, **key}}),
        answer("an unknown word", "Coarse.reason", {"coarse": {"reason": 5}}),
    ]


def _bad_statuses() -> list[Bad]:
    identifier = message_id("x")

    def bad(name: str, ids: list[str]) -> Bad:
        data = _encode(exchange_pb2.StatusRequest, {"message_ids": ids})
        return name, "StatusRequest.message_ids", MALFORMED, data

    return [
        bad("no id", []),
        bad("65 ids", [message_id(f"x{number}") for number in range(65)]),
        bad("an id twice", [identifier, identifier]),
        bad("an id in capitals", [identifier.upper()]),
        bad("an empty id", [""]),
    ]


def _encode(kind: type, fields: Fields) -> bytes:
    return encode(canonical(kind.DESCRIPTOR, fields))
