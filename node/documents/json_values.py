"""Values that JSON papers share, with the sentences that a broken one is answered with."""

import re

from node.documents.checks import MOMENT_RULE, date_of, moment_of
from node.documents.json_shapes import Record, Text

_LABEL = re.compile(r"[^ \t\r\n]+( [^ \t\r\n]+)*")
# Latin letters with all their marks, digits and common punctuation: what a partner's clerk can read and type.
_LETTER = "[!-~\u00a1-\u00ac\u00ae-\u024f\u1e00-\u1eff\u2010-\u2027\u2030-\u205e]"
_LATIN = re.compile(f"{_LETTER}+( {_LETTER}+)*")


def label(most: int) -> Text:
    """A name or number for ever: no blank in it can get lost; characters are counted, not bytes (an..N of the WCO)."""
    rule = f"must have 1 to {most} characters and no outer or double blanks"
    return Text(rule, lambda text: len(text) <= most and _LABEL.fullmatch(text) is not None)


def latin(most: int) -> Text:
    """A label in Latin letters."""
    rule = f"must have 1 to {most} Latin characters, no double blanks"
    return Text(rule, lambda text: len(text) <= most and _LATIN.fullmatch(text) is not None)


def matching(pattern: str, rule: str) -> Text:
    """A text that matches `pattern` as a whole."""
    compiled = re.compile(pattern, re.ASCII)
    return Text(rule, lambda text: compiled.fullmatch(text) is not None)


def one_of(words: frozenset[str], rule: str) -> Text:
    """One word of a closed list."""
    return Text(rule, words.__contains__)


MOMENT = Text(MOMENT_RULE, lambda text: moment_of(text) is not None)
DATE = Text("must be a date such as 2026-11-22, without offset", lambda text: date_of(text) is not None)
COUNTRY = matching("[A-Z]{2}", "must be two capital letters (ISO 3166-1)")
LANGUAGE = matching("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "must be a language tag such as zh-Hant-TW")
POSTCODE = label(17)

LOCAL_NAME = Record({"lang": LANGUAGE, "text": label(70)})
"""A name in the letters of its country, told in which language."""
