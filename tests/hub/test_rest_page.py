"""docs/hub-rest.md is what hub engineers build from: each of its examples is what the node sends or reads."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hub_over_https import document, instead
from hub_sides import exchange, give, tell

from node.errors import HubRefused, NotAgreed
from node.http_out import MAX_REPLY_BYTES
from node.hub.put_off import PUT_OFF_S
from node.hub.rest_calls import AWAY_S
from node.hub.rest_list import PAGE_ITEMS
from node.hub.rest_pages import MAX_CURSOR_CHARACTERS
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.document import Finding, MediaType
from node.model.exchange import Direction, State
from node.model.hub import HubPaper
from node.model.ids import sha256
from node.settings import load_settings
from node.wire import MAX_DOCUMENT_BYTES

PAGE = (Path(__file__).parents[2] / "docs/hub-rest.md").read_text(encoding="utf-8")
EXAMPLES: dict[str, Any] = {
    name: json.loads(body) for name, body in re.findall(r"<!-- example: (\w+) -->\n```json\n(.*?)```", PAGE, re.DOTALL)
}
ENDED = exchange(direction=Direction.OUT, state=State.REFUSED)


def test_every_json_example_is_named_and_so_looked_at() -> None:
    assert PAGE.count("```json") == len(EXAMPLES)
    assert set(EXAMPLES) == {
        "inbound", "stored", "status", "answer", "outbound", "taken", "refused", "outgoing", "reason",
    }  # fmt: skip


def shape(value: object) -> object:
    """Names of members, all the way down; what they hold differs from paper to paper."""
    if isinstance(value, dict):
        return {name: {} if name == "fields" else shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return type(value).__name__


def test_what_is_pushed_has_the_members_of_the_page(web, open_rest) -> None:
    hub = open_rest()
    paper = HubPaper(exchange(b"<a/>"), b"<a/>", MediaType.XML, {"exporter": "x"})
    give(hub, paper)
    decided = BusinessAnswer(AnswerVerdict.CONDITIONAL, "C2", "x", "B-9")
    tell(hub, ENDED, (Finding("RULE", "/A", "x"),), decided)
    absent = {"message_id": "text", "refers_to": ""}  # a value nobody gave this made-up exchange
    for sent, example in (
        (web.inbound[paper.exchange.id], EXAMPLES["inbound"]),
        (web.status[ENDED.id], EXAMPLES["status"]),
        (web.answers[ENDED.id], EXAMPLES["answer"]),
    ):
        assert shape({**sent, **absent}) == shape({**example, **absent})


def test_the_examples_are_true_of_themselves() -> None:
    for name in ("inbound", "stored", "taken"):
        assert EXAMPLES[name]["sha256"] == sha256(document(EXAMPLES["inbound"])).hex()


def test_what_is_pulled_is_read_as_the_page_shows_it(web, open_rest) -> None:
    lists = {"/n2n/outbound": EXAMPLES["outbound"], "/n2n/answers/outgoing": EXAMPLES["outgoing"]}
    web.fault = lambda request: (
        request.command == "GET" and instead(lambda one: one.answer(200, lists[one.path.partition("?")[0]]))(request)
    )
    hub = open_rest()
    (paper,), (decision,) = hub.waiting(), hub.answers()
    assert (paper.key, paper.content) == ("XB/coo-17", b"<a/>")
    assert decision.answer == BusinessAnswer(AnswerVerdict.CONDITIONAL, "C2", "抽驗後放行", "B-9")
    hub.taken(paper, EXAMPLES["taken"]["exchange"])
    hub.refused(paper, NotAgreed(partner="XB", kind="certificate_of_origin", direction="out"))
    assert web.outcomes["outbound/coo-17"] == [EXAMPLES["taken"], EXAMPLES["refused"]]
    hub.taken(decision, "e")
    assert "sha256" not in web.outcomes["answers/decision-8"][0]


def test_a_reason_is_shown_as_the_page_says(web, open_rest) -> None:
    web.fault = instead(lambda request: request.answer(422, EXAMPLES["reason"]))
    with pytest.raises(HubRefused, match=EXAMPLES["reason"]["code"]):
        tell(open_rest(), ENDED)


def test_the_settings_of_the_page_are_read(tmp_path: Path) -> None:
    (settings,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "node.toml").write_text('schema = 1\ncode = "XA"\n' + settings, encoding="utf-8")
    rest = load_settings(tmp_path, {}).hub.rest
    assert (rest.url, rest.poll_s, rest.timeout_s) == ("https://hub.example:8443/n2n", 1, 30)


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    assert f"limit={PAGE_ITEMS}" in PAGE
    assert f"at most {MAX_CURSOR_CHARACTERS} characters" in PAGE
    assert (PUT_OFF_S, "half a minute" in PAGE) == (30, True)
    assert (AWAY_S, "three seconds" in PAGE) == (3, True)
    assert (MAX_REPLY_BYTES, "8 MiB a page" in PAGE) == (8 << 20, True)
    assert (MAX_DOCUMENT_BYTES, "a paper is 1 MiB at most" in PAGE) == (1 << 20, True)


def test_every_code_of_the_page_exists_and_every_link_leads_somewhere() -> None:
    errors = (Path(__file__).parents[2] / "docs/errors.md").read_text(encoding="utf-8")
    codes = set(re.findall(r"N2N-[A-Z]+-\d{3}", PAGE))
    assert len(codes) >= 6
    assert {code for code in codes if f"### {code}\n" not in errors} == set()
    headings = {re.sub(r"[^\w-]", "", line.lower().replace(" ", "-")) for line in re.findall(r"^## (.*)$", PAGE, re.M)}
    assert {link for link in re.findall(r"\(#([\w-]+)\)", PAGE) if link not in headings} == set()


def test_the_moments_of_the_page_are_in_utc() -> None:
    assert datetime.fromisoformat(EXAMPLES["inbound"]["updated_at"]).tzinfo == UTC
