"""An inspection result in the shape of the UN/CEFACT eQuality certificate, as JSON (library D23B).

What eQuality has a place for stands there: the document, its issuer and signatory, documents referred to, the
consignment and its goods, each with the certificate about it. Everything else stands in a note of the document whose
subject is the path in our paper, so nothing is lost, and `Loss.CHANGED` names each of these fields.
"""

import json

from node.documents import inspection_result, reader
from node.documents.conversion import Converted, Form, Loss, Note
from node.documents.data_model.places import Node, contents
from node.model.document import MediaType
from node.safe_json import Json

_AS_NOTE = (
    "stands in a note under this path; eQuality has no place for it",
    "eQuality 無此欄位，改列於附註並以此路徑為題",
)
_FROM_ISSUE = (
    "eQuality wants the moment of cancellation; the paper's own is told",
    "eQuality 須載註銷時點，以文件核發時點代之",
)

_ENDED = frozenset({"withdrawn", "cancelled"})

Members = dict[str, Json]


class _Account:
    """Which values of the paper were told; what is left goes into notes."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, node: Node) -> str:
        """The text of a value, from now on told."""
        self._told.add(node.path)
        return node.text

    def left(self, node: Node) -> list[Node]:
        """Values under `node` that nobody told, in the order of the paper."""
        found = [node] if node.text and node.path not in self._told else []
        return found + [one for part in node.inside for one in self.left(part)]


def convert(content: bytes) -> Converted:
    """The eQuality certificate, and a note for each field that stands there in another way. Raises as readers do."""
    reader.recognise(content)
    paper = contents(inspection_result.KIND, content)
    account, notes = _Account(), list[Note]()
    document = _document(paper, account)
    consignment = _consignment(paper, account)
    if _word(paper, "Status") in _ENDED:
        document["cancellationDateTime"] = document["issueDateTime"]
        notes.append(Note("/exchangedDocument/cancellationDateTime", Loss.DEFAULTED, *_FROM_ISSUE))
    left = account.left(paper)
    notes += [Note(one.path, Loss.CHANGED, *_AS_NOTE) for one in left]
    if left:
        document["includedNote"] = [
            {"subject": {"content": one.path}, "content": [{"content": one.text}]} for one in left
        ]
    told = {"exchangedDocument": document, "specifiedConsignment": [consignment]}
    return Converted((json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode(), MediaType.JSON, tuple(notes))


# --- parts ----------------------------------------------------------------------------------------------------------


def _document(paper: Node, account: _Account) -> Members:
    (authority,), (signatory,) = _each(paper, "Authority"), _each(paper, "Signatory")
    references = [
        *(_reference(one, account, "IssuedAt") for one in _each(paper, "Supersedes")),
        *(_reference(one, account, "IssuedOn") for one in _each(paper, "Reference")),
        *(_reference(one, account, "") for one in _each(paper, "Declaration")),
    ]
    return _present(
        {
            "id": _value(paper, "Number", account),
            "typeCode": _value(paper, "TypeCode", account),
            "issueDateTime": _value(paper, "IssuedAt", account),
            "issuer": _party(authority, account),
            "firstSignatoryDocumentAuthentication": {
                "actualDateTime": _value(signatory, "Date", account),
                "issueLogisticsLocation": {"name": _texts(signatory, "Place", account)},
                "provider": {
                    "specifiedAuthoritativeSignatoryPerson": [
                        {"name": text} for text in _texts(signatory, "Name", account)
                    ]
                },
            },
            "referenceReferencedDocument": list(references),
        }
    )


def _party(party: Node, account: _Account) -> Members:
    identifier = _value(party, "Id", account)
    return _present(
        {
            "id": [identifier] if identifier else [],
            "name": _texts(party, "Name", account),
            "postalTradeAddress": {"countryId": _value(party, "Country", account)},
        }
    )


def _reference(other: Node, account: _Account, issued: str) -> Members:
    return _present(
        {
            "id": _value(other, "Number", account),
            "typeCode": _value(other, "TypeCode", account),
            "issueDateTime": _value(other, issued, account),
        }
    )


def _consignment(paper: Node, account: _Account) -> Members:
    lines = _each(paper, "Line")
    certificate = _certificate(paper, account)
    items = [_item(line, certificate, account) for line in lines] or [_about(certificate, {})]
    return _present(
        {
            "id": _values(paper, "Ucr", account),
            "exportTradeCountry": _country(paper, "ExportCountry", account),
            "importTradeCountry": _country(paper, "ImportCountry", account),
            "includedConsignmentItem": list(items),
        }
    )


def _certificate(paper: Node, account: _Account) -> Members:
    """What is certified of each product: the same paper for all of them."""
    (authority,) = _each(paper, "Authority")
    issuer = _value(authority, "Id", account)
    return _present(
        {
            "id": _value(paper, "Number", account),
            "typeCode": _values(paper, "TypeCode", account),
            "issueDateTime": _value(paper, "IssuedAt", account),
            "expiryDateTime": _value(paper, "ValidUntil", account),
            "purposeCode": _values(paper, "Purpose", account),
            "issueReasonCode": next((_value(one, "Reason", account) for one in _each(paper, "Supersedes")), None),
            "issuingPartyId": issuer,
        }
    )


def _item(line: Node, certificate: Members, account: _Account) -> Members:
    product = _present(
        {
            "description": _texts(line, "Description", account),
            "designatedProductClassification": [{"classCode": one} for one in _values(line, "HsCode", account)],
            "originTradeCountry": [{"id": one} for one in _values(line, "OriginCountry", account)],
        }
    )
    return _about(certificate, product, _value(line, "Sequence", account))


def _about(certificate: Members, product: Members, sequence: Json = None) -> Members:
    trade_line = _present(
        {
            "sequenceNumeric": sequence,
            "specifiedTradeProduct": [{**product, "specifiedProductCertificate": [certificate]}],
        }
    )
    return {"includedTradeLineItem": [trade_line]}


def _country(paper: Node, name: str, account: _Account) -> Members:
    return _present({"id": _value(paper, name, account)})


# --- values, as UN/CEFACT writes them -------------------------------------------------------------------------------


def _each(node: Node, name: str) -> list[Node]:
    return [part for part in node.inside if part.key.rpartition("/")[2] == name]


def _word(node: Node, name: str) -> str:
    return next((part.text for part in _each(node, name)), "")


def _value(node: Node, name: str, account: _Account) -> Json:
    part = next(iter(_each(node, name)), None)
    return {"content": account.tell(part)} if part is not None else None


def _values(node: Node, name: str, account: _Account) -> list[Json]:
    return [{"content": account.tell(part)} for part in _each(node, name)]


def _texts(node: Node, name: str, account: _Account) -> list[Json]:
    return [_text(part, account) for part in _each(node, name)]


def _text(part: Node, account: _Account) -> Json:
    """A language is two letters there; a tag that says more, as the script of Chinese, goes into a note."""
    tag = next(iter(_each(part, "@lang")), None)
    plain = tag is not None and "-" not in tag.text
    language = account.tell(tag) if tag is not None and plain else (tag.text.partition("-")[0] if tag else "")
    return _present({"content": account.tell(part), "languageId": language})


def _present(members: Members) -> Members:
    """Without members that say nothing."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


FORMS = (
    Form(
        name="equality",
        source="inspection_result",
        title_en="UN/CEFACT eQuality certificate (D23B, JSON)",
        title_zh="UN/CEFACT eQuality 品質證書（D23B，JSON）",
        convert=convert,
    ),
)
