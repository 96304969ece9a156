"""Uses of certificates: the importing side tells the issuing side what a declaration took of a certificate.

Identity: the issuer is the id of the authority that wrote it off, the number that of the use; the version is `1`, or
`withdrawn` for the paper that takes the use back, under the same number. The certificate is named by kind, issuer,
number and the SHA-256 of its exact bytes.
"""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from node.documents.checks import joined, without_blanks
from node.documents.code_uses import JsonCodes
from node.documents.json_shapes import JsonSchema, Listing, Record, Whole
from node.documents.json_spots import JsonBreach, Spot
from node.documents.json_values import COUNTRY, DATE, LOCAL_NAME, label, latin, matching, one_of
from node.documents.kind import JsonKind
from node.model.document import Identity, Reading, Succession
from node.model.ids import Digest, sha256
from node.model.uses import Amount, CertificateName, CertificateUse, Measure, UseAct
from node.safe_json import Json

SCHEMA = "urn:n2n:v1:certificate-use"

MAX_LINES = 999
"""Goods items of one declaration: the WCO's sequence number has three digits."""

MAX_DECLARATIONS = 16
"""One use serves one consignment, however many declarations that needs."""

MAX_UCR = 16
"""Protocol 2."""

AUTHORITY = Record(
    needs={"id": label(70), "name": latin(70), "country": COUNTRY},
    may={"nameLocal": LOCAL_NAME},
)

CERTIFICATE = Record(
    {
        "kind": matching("[a-z][a-z0-9_]{0,63}", "must be the name of a kind of paper"),
        "issuer": label(128),
        "number": label(128),
        "sha256": matching("[0-9a-f]{64}", "must be 64 hexadecimal digits in lower case"),
    }
)
"""Which certificate; its digest is that of the exact bytes, so no other version of it can be meant."""

DECLARATION = Record(
    needs={"number": label(35), "country": COUNTRY},
    may={"type": matching("[A-Z0-9]{1,3}", "must have 1 to 3 capitals or digits")},
)
"""The declaration that used it: its MRN, or whatever the country calls the number. WCO D014, an..35."""

_NUMBER = matching(
    "(?=.{1,17}$)(0|[1-9][0-9]{0,15})([.][0-9]{1,6})?", "must be a decimal text of at most 16 digits, 6 decimals"
)
QUANTITY = Record(
    {"amount": _NUMBER, "unit": matching("[A-Z0-9]{2,3}", "must be two or three capitals or digits (Rec 20)")}
)
VALUE = Record({"amount": _NUMBER, "currency": matching("[A-Z]{3}", "must be three capital letters (ISO 4217)")})
"""Numbers are texts, for a reader of JSON may round its numbers."""

LINE = Record(
    needs={"item": label(35)},
    may={"quantity": QUANTITY, "value": VALUE, "declaration": label(35), "goodsItem": Whole(1, MAX_LINES)},
)
"""So much of one item of the certificate, for one goods item of a declaration."""

CERTIFICATE_USE = JsonSchema(
    Record(
        needs={
            "schema": one_of(frozenset({SCHEMA}), f"must be {SCHEMA}"),
            "number": label(70),
            "act": one_of(frozenset(UseAct), "must be use or withdraw"),
            "date": DATE,
            "authority": AUTHORITY,
            "certificate": CERTIFICATE,
        },
        may={
            "ucr": Listing(label(35), most=MAX_UCR, least=1),
            "declarations": Listing(DECLARATION, most=MAX_DECLARATIONS, least=1),
            "lines": Listing(LINE, most=MAX_LINES, least=1),
            "reason": label(500),
        },
    )
)


def rules(root: Spot) -> Iterator[JsonBreach]:
    """Every rule that the paper breaks, in no particular order."""
    if root.text_at("act") == UseAct.WITHDRAW:
        for name in ("declarations", "lines"):
            if root.has(name):
                yield root.at(name).breaks("a use is taken back as a whole, without them")
        if not root.has("reason"):
            yield root.breaks("taking a use back needs its reason")
        return
    for name in ("declarations", "lines"):
        if root.text_at("act") == UseAct.USE and not root.has(name):
            yield root.breaks(f"a use needs its {name}")
    if root.has("reason"):
        yield root.at("reason").breaks("only taking a use back has a reason")
    yield from _declarations(root)
    for line in root.at("lines").items():
        yield from _line(line)


def _declarations(root: Spot) -> Iterator[JsonBreach]:
    declarations = root.at("declarations").items()
    numbers = [one.text_at("number") for one in declarations]
    for one, number in zip(declarations, numbers, strict=True):
        if number and numbers.count(number) > 1:
            yield one.at("number").breaks("must be different on every declaration")
    for line in root.at("lines").items():
        named = line.text_at("declaration")
        if named and named not in numbers:
            yield line.at("declaration").breaks("must be one of the declarations")
        if not named and len(numbers) > 1:
            yield line.breaks("needs its declaration where there are several")


def _line(line: Spot) -> Iterator[JsonBreach]:
    if not line.has("quantity") and not line.has("value"):
        yield line.breaks("needs a quantity or a value")
    for name in ("quantity", "value"):
        text = line.text_at(name, "amount")
        if text and not text.strip("0."):
            yield line.at(name, "amount").breaks("must be more than nothing")


def read(root: Spot) -> Reading:
    """What a paper without findings tells, and the use that it is."""
    number, act = root.text_at("number"), UseAct(root.text_at("act"))
    withdrawn = act is UseAct.WITHDRAW
    use = _use(root, number, act)
    return Reading(
        identity=Identity(use.authority, number, "withdrawn" if withdrawn else "1"),
        fields=_fields(root, use),
        succession=Succession(number=number, relation="withdrawal") if withdrawn else None,
        ucr=tuple(dict.fromkeys(one.text for one in root.at("ucr").items())),
        effect=use,
    )


def _use(root: Spot, number: str, act: UseAct) -> CertificateUse:
    name = root.at("certificate")
    return CertificateUse(
        authority=root.text_at("authority", "id"),
        number=number,
        act=act,
        on=date.fromisoformat(root.text_at("date")),
        certificate=CertificateName(
            name.text_at("kind"),
            name.text_at("issuer"),
            name.text_at("number"),
            Digest(bytes.fromhex(name.text_at("sha256"))),
        ),
        lines=tuple(tuple(_amounts(line)) for line in root.at("lines").items()),
        content=sha256(_canonical(root.value)),
    )


def _amounts(line: Spot) -> Iterator[Amount]:
    item = line.text_at("item")
    for measure, unit in ((Measure.QUANTITY, "unit"), (Measure.VALUE, "currency")):
        if line.has(measure):
            number = Decimal(line.text_at(measure, "amount"))
            yield Amount(item, measure, line.text_at(measure, unit), number)


def _canonical(value: Json) -> bytes:
    """All that the paper says, whatever the order of its members and the white space between them."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _fields(root: Spot, use: CertificateUse) -> dict[str, str]:
    return without_blanks(
        {
            "number": use.number,
            "type": use.act.value,
            "date": use.on.isoformat(),
            "issuer": root.text_at("authority", "name"),
            "certificate": use.certificate.number,
            "certificate_kind": use.certificate.kind,
            "declarations": joined(one.text_at("number") for one in root.at("declarations").items()),
            "items": joined(line.text_at("item") for line in root.at("lines").items()),
        }
    )


def write(value: dict[str, Json]) -> bytes:
    """The paper in one form: the same content is the same bytes."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


KIND = JsonKind(
    name="certificate_use",
    version=1,
    view=Path(__file__).parent / "view_plans/certificate_use.tsv",
    root=SCHEMA,
    title="CertificateUse",
    title_en="Use of a certificate",
    title_zh="證明書使用（核銷）通知",
    samples=("grapefruit_used", "tea_use_withdrawn", "tea_used"),
    data_model=Path(__file__).parent / "data_model/certificate_use_1.txt",
    schema=CERTIFICATE_USE,
    rules=rules,
    codes=JsonCodes(
        {
            ("authority", "country"): "country",
            ("declarations", "*", "country"): "country",
            ("lines", "*", "quantity", "unit"): "unit",
            ("lines", "*", "value", "currency"): "currency",
        }
    ),
    reading=read,
    number="number",
)
