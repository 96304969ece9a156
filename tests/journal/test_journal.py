"""The journal: one line per action, whatever a partner sends, and never a secret or a payload."""

import hashlib
import io
import json
import threading
import unicodedata
from datetime import UTC, datetime
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.clock import StoppedClock
from node.errors import KeyFileTooOpen, PartnerUnreachable
from node.journal import MAX_ITEMS, MAX_TEXT_CHARACTERS, Form, Journal, Level, escaped

MOMENT = datetime(2026, 11, 22, 14, 35, 6, 123_000, UTC)
ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class Lines:
    """A journal that keeps what it wrote."""

    def __init__(self, form: Form = Form.JSON, level: Level = Level.INFO) -> None:
        self.written: list[str] = []
        self.journal = Journal(self.written.append, StoppedClock(MOMENT), form=form, level=level)

    def last(self) -> dict[str, object]:
        found = json.loads(self.written[-1])
        assert isinstance(found, dict)
        return found


def test_a_line_says_when_what_and_the_facts() -> None:
    lines = Lines()
    lines.journal("seal.made", partner="XA", count=32, first=True, share=0.5, nothing=None)
    assert lines.last() == {
        "at": "2026-11-22T14:35:06.123Z",
        "level": "info",
        "action": "seal.made",
        "partner": "XA",
        "count": 32,
        "first": True,
        "share": 0.5,
        "nothing": None,
    }


def test_a_line_for_people_has_the_same_facts() -> None:
    lines = Lines(Form.TEXT)
    lines.journal("seal.made", partner="XA", note="two words", count=32)
    assert lines.written == ['2026-11-22T14:35:06.123Z  info     seal.made  partner=XA note="two words" count=32\n']


def test_an_error_shows_its_code_and_fields_and_whether_trying_again_helps() -> None:
    lines = Lines()
    lines.journal("deliver.failed", error=PartnerUnreachable(partner="XB", address="127.0.0.1:1", detail="refused"))
    assert lines.last()["level"] == "warning"
    assert lines.last()["error"] == {
        "code": "N2N-DLV-001",
        "partner": "XB",
        "address": "127.0.0.1:1",
        "detail": "refused",
    }
    lines.journal("start.failed", error=KeyFileTooOpen(path="tls.key", mode="644"))
    assert lines.last()["level"] == "error"


def test_a_foreign_exception_shows_its_class_only() -> None:
    lines = Lines()
    lines.journal("call.broke", error=ValueError("<Phyto>consignee: A. Person</Phyto>"))
    assert lines.last()["error"] == "ValueError"
    assert "Person" not in lines.written[-1]


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize(
    "name",
    [
        "key",
        "private_key",
        "call_key",
        "password",
        "passphrase",
        "session_token",
        "salt",
        "secret",
        "Authorization",
        "cookie",
        "hsm_pin",
    ],
)
def test_fields_with_secret_names_are_hidden(name: str, form: Form) -> None:
    lines = Lines(form)
    lines.journal("x", **{name: "canary-1"})
    lines.journal("x", nested={name: "canary-2", "fine": 1})
    assert "canary" not in "".join(lines.written)
    assert "(hidden)" in lines.written[0]


@pytest.mark.parametrize("name", ["key_id", "idempotency_key", "recipient_key_id", "monkey", "mapping"])
def test_names_of_keys_are_no_secrets(name: str) -> None:
    lines = Lines()
    lines.journal("x", **{name: "0a1b"})
    assert lines.last()[name] == "0a1b"


def test_bytes_show_their_length_and_digest_never_themselves() -> None:
    lines = Lines()
    lines.journal("x", document=b"<Phyto/>", view=memoryview(b"abc"))
    digest = hashlib.sha256(b"<Phyto/>").hexdigest()
    assert lines.last()["document"] == f"8 bytes sha256:{digest[:16]}"
    assert "Phyto" not in lines.written[-1]
    assert str(lines.last()["view"]).startswith("3 bytes sha256:ba7816bf")


class Careless:
    def __repr__(self) -> str:
        return "canary"


class Colour(Enum):
    RED = "red"
    OBJECT = Careless()


def test_unknown_things_show_their_type() -> None:
    lines = Lines()
    lines.journal("x", thing=Careless(), several=[Careless()], colour=Colour.RED, odd=Colour.OBJECT)
    assert "canary" not in lines.written[-1]
    assert lines.last()["thing"] == "<Careless>"
    assert lines.last()["colour"] == "red"
    assert lines.last()["odd"] == "OBJECT"


HOSTILE = [
    "a\nb",
    "a\r\n2026-11-22T00:00:00.000Z  info     receipt.stored",
    "\x1b[2J\x1b[31mred",
    "\x9b31m",
    "\x07",
    "\x00",
    "abc\u202egnp.exe",
    "\u2066hidden\u2069",
    "\u200b",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ud800",
    "\U000e0041",
    "\x7f",
    "\x85",
]


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_text_breaks_out_of_its_line(hostile: str, form: Form) -> None:
    lines = Lines(form)
    lines.journal(
        hostile, field=hostile, **{hostile: 1}, nested={hostile: [hostile]}, error=KeyFileTooOpen(path=hostile)
    )
    (line,) = lines.written
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1
    assert {unicodedata.category(each) for each in line[:-1]}.isdisjoint(ACTING)


@given(st.text(), st.sampled_from(list(Form)))
def test_any_text_stays_one_readable_line(text: str, form: Form) -> None:
    lines = Lines(form)
    lines.journal("x", field=text)
    assert len(lines.written[0].splitlines()) == 1
    assert {unicodedata.category(each) for each in lines.written[0][:-1]}.isdisjoint(ACTING)


def test_chinese_stays_readable() -> None:
    lines = Lines()
    lines.journal("x", name="植物檢疫證明書，編號 甲")
    assert "植物檢疫證明書，編號 甲" in lines.written[-1]


def test_escaping_shows_the_number_of_a_character() -> None:
    assert escaped("a\x1b\u202e\U000e0041b") == "a\\u001b\\u202e\\U000e0041b"
    assert escaped("a\nb", keep="\n") == "a\nb"


def test_long_values_are_cut() -> None:
    lines = Lines()
    lines.journal("x", text="a" * 10_000, items=list(range(1000)), names={str(n): n for n in range(1000)})
    shown = lines.last()
    assert str(shown["text"]).endswith("… (10000 characters)")
    assert len(str(shown["text"])) < MAX_TEXT_CHARACTERS + 50
    assert shown["items"] == list(range(MAX_ITEMS))
    assert len(shown["names"]) == MAX_ITEMS  # type: ignore[arg-type]


def test_a_field_cannot_pretend_to_be_the_time_or_the_action() -> None:
    lines = Lines()
    lines.journal("x", at="1970", level="debug", action="y")
    assert lines.last()["at"] == "2026-11-22T14:35:06.123Z"
    assert (lines.last()["action"], lines.last()["action_"]) == ("x", "y")


def test_numbers_json_does_not_have_become_words() -> None:
    lines = Lines()
    lines.journal("x", a=float("nan"), b=float("inf"))
    assert (lines.last()["a"], lines.last()["b"]) == ("nan", "inf")


def test_a_warning_without_an_error_is_one() -> None:
    lines = Lines(level=Level.WARNING)
    lines.journal.warning("checkpoints.no-key", node="XA")
    lines.journal("node.ready", node="XA")
    assert len(lines.written) == 1
    assert (lines.last()["level"], lines.last()["action"]) == ("warning", "checkpoints.no-key")


def test_details_are_told_only_when_asked_for() -> None:
    quiet, curious = Lines(), Lines(level=Level.DEBUG)
    for lines in (quiet, curious):
        lines.journal.detail("tls.cipher", suite="x")
    assert quiet.written == []
    assert curious.last()["level"] == "debug"


def test_a_quiet_journal_still_counts() -> None:
    lines = Lines(level=Level.ERROR)
    lines.journal("deliver.done")
    lines.journal("deliver.done")
    lines.journal.count("bytes", 10)
    assert lines.written == []
    assert lines.journal.counters() == {"deliver.done": 2, "bytes": 10}


def test_a_view_adds_fields_and_shares_counters() -> None:
    lines = Lines()
    lines.journal.about(exchange="e1").about(partner="XA")("deliver.done", partner="XB")
    assert (lines.last()["exchange"], lines.last()["partner"]) == ("e1", "XB")
    assert lines.journal.counters() == {"deliver.done": 1}


def test_a_lost_line_loses_no_paper() -> None:
    def full(_: str) -> None:
        raise OSError(28, "no space left")

    journal = Journal(full, StoppedClock(MOMENT))
    journal("deliver.done")
    closed = io.StringIO()
    closed.close()
    Journal(closed.write, StoppedClock(MOMENT))("deliver.done")
    assert journal.counters() == {"deliver.done": 1, "journal.lost": 1}


def test_threads_do_not_mix_their_lines() -> None:
    stream = io.StringIO()
    journal = Journal(stream.write, StoppedClock(MOMENT), form=Form.JSON)

    def work(name: str) -> None:
        for number in range(200):
            journal("x", worker=name, number=number)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(found) == journal.counters()["x"] == 800
    assert {(each["worker"], each["number"]) for each in found} == {(name, n) for name in "abcd" for n in range(200)}
