"""Reason codes of business answers: ours mean something in both languages, others cross with a remark or not at all."""

import json
from collections.abc import Callable

import pytest

from node.cli.main import main
from node.documents import business_answer
from node.documents.code_lists import code_list
from node.errors import AnswerMalformed
from node.flows import answering
from node.flows.ports import ActorName
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.exchange import State
from node.wire import receipt_from_bytes

AGENCY = ActorName("agency", "hub")
PROFILE = "xa-xb-trade-papers.toml"


def close_the_list(country, partner: str) -> None:
    """In the arrangement's certificates of origin only codes of our list are reasons."""
    file = country.home / "partner_profiles" / partner / PROFILE
    first, name, rest = file.read_text(encoding="utf-8").partition('name = "certificate_of_origin"')
    before, mark, after = rest.partition('release = "all"')
    closed = f'{mark}\n[kind.terms]\nclosed_lists = ["answer_reasons"]'
    file.write_text(first + name + before + closed + after, encoding="utf-8")


@pytest.fixture
def crossed(pair, origin, reopen) -> Callable[..., tuple[str, str]]:
    """The exchanges of one paper at XA and at XB, after some of the two closed the list."""

    def cross(*closing: object) -> tuple[str, str]:
        for country in closing:
            close_the_list(country, "XB" if country is pair.xa else "XA")
            reopen(country)
        sent = pair.xa.hand_in(origin, "XB")
        pair.cross()
        return sent, pair.xb.received()[0].id

    return cross


def answered(pair, exchange: str, code: str) -> str:
    decided = BusinessAnswer(AnswerVerdict.REJECTED, code, "Look at the goods.")
    return answering.answer(pair.xb.wired.node, exchange, decided, AGENCY).exchange


def receipt_of(pair, carrier: str) -> tuple[str, list[tuple[str, str, str]]]:
    receipt = receipt_from_bytes(pair.xb.receipt(carrier).signed.receipt)
    return receipt.verdict.name, [(one.code, one.path, one.rule) for one in receipt.findings]


def test_a_code_of_the_list_crosses_and_is_told_in_both_languages(pair, crossed, capsys) -> None:
    sent, came = crossed()
    carrier = answered(pair, came, "ORIGIN")
    pair.xb.work()
    assert receipt_of(pair, carrier) == ("ACCEPTED", [])
    assert pair.xa.exchange(sent).state is State.ANSWERED
    assert main(["exchange", "show", sent, "--json", "--home", str(pair.xa.home)]) == 0
    told = json.loads(capsys.readouterr().out)["answer"]
    assert told["reason_meaning"] == {"en": "The origin is not accepted", "zh-TW": "原產地不予認定"}
    assert main(["exchange", "show", sent, "--lang", "zh-TW", "--home", str(pair.xa.home)]) == 0
    assert "ORIGIN: 原產地不予認定" in capsys.readouterr().out


def test_an_unknown_code_crosses_with_a_remark(pair, crossed) -> None:
    sent, came = crossed()
    carrier = answered(pair, came, "XB-77")
    pair.xb.work()
    assert receipt_of(pair, carrier) == (
        "ACCEPTED", [("CODE_UNKNOWN", "/reason_code", "is no code of the list answer_reasons")]
    )  # fmt: skip
    assert pair.xa.exchange(sent).state is State.ANSWERED


def test_no_code_is_no_unknown_code(pair, crossed) -> None:
    sent, came = crossed(pair.xa, pair.xb)
    answered(pair, came, "")
    pair.xb.work()
    assert pair.xa.exchange(sent).state is State.ANSWERED


def test_a_closed_list_refuses_an_unknown_code_where_it_is_given(pair, crossed) -> None:
    sent, came = crossed(pair.xb)
    with pytest.raises(AnswerMalformed):
        answered(pair, came, "XB-77")
    answered(pair, came, "ORIGIN")
    pair.xb.work()
    assert pair.xa.exchange(sent).state is State.ANSWERED


def test_a_closed_list_refuses_an_unknown_code_that_comes(pair, crossed) -> None:
    sent, came = crossed(pair.xa)
    carrier = answered(pair, came, "XB-77")
    pair.xb.work()
    assert receipt_of(pair, carrier) == (
        "REFUSED", [("AGREED", "/reason_code", "is no code of the list answer_reasons")]
    )  # fmt: skip
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_every_code_can_be_written_in_an_answer() -> None:
    longest = business_answer.MAX_REASON_CODE_CHARACTERS
    assert all(len(code) <= longest for code in code_list("answer_reasons").names)
