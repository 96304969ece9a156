"""business-answer.json, judged with the node's own code and with nothing but the standard library."""

import json
from pathlib import Path

import pytest

from node.documents import business_answer
from node.documents.business_answer import PaperAnswered
from node.errors import NodeError
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.ids import Digest

VECTORS = json.loads((Path(__file__).parent / "protocol/business-answer.json").read_text(encoding="utf-8"))
ABOUT = PaperAnswered(VECTORS["about"]["message_id"], Digest(bytes.fromhex(VECTORS["about"]["sha256"])))


def names(cases: list[dict[str, str]]) -> list[str]:
    return [case["name"] for case in cases]


@pytest.mark.parametrize("case", VECTORS["good"], ids=names(VECTORS["good"]))
def test_fields_and_bytes_are_each_others(case: dict[str, object]) -> None:
    fields = dict(case["fields"])
    answer = BusinessAnswer(AnswerVerdict(fields.pop("verdict")), **fields)
    document = case["document"].encode()
    assert business_answer.write(answer, ABOUT) == document
    assert business_answer.read(document) == (answer, ABOUT)


@pytest.mark.parametrize("case", VECTORS["bad"], ids=names(VECTORS["bad"]))
def test_what_is_not_in_the_form_is_refused_with_its_code(case: dict[str, str]) -> None:
    with pytest.raises(NodeError) as refused:
        business_answer.read(case["document"].encode())
    assert refused.value.code == case["error"]


@pytest.mark.parametrize("case", VECTORS["good"], ids=names(VECTORS["good"]))
def test_any_json_library_reads_and_writes_the_form(case: dict[str, object]) -> None:
    document = case["document"].encode()
    value = json.loads(document)
    assert {key: text for key, text in value.items() if key not in ("about", "schema")} == case["fields"]
    assert value["about"] == VECTORS["about"]
    again = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert again.encode() == document
