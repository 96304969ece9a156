"""Every rule that a paper can break, in 繁體中文: findings travel in English, people read them in their language.

A rule is a sentence, or a pattern with placeholders where a rule names elements, codes or numbers: `lacks {name}`. What
stands for `{rule}` is a rule itself and put into Chinese in its turn.
"""

import re
from collections.abc import Mapping
from functools import cache

from node.documents.rule_texts import (
    aeo,
    characters,
    enforcement,
    inspection,
    node_rules,
    origin,
    origin_agreed,
    phytosanitary,
    structure,
    uses,
    values,
)

TEXTS: Mapping[str, str] = {
    **structure.TEXTS,
    **characters.TEXTS,
    **enforcement.TEXTS,
    **values.TEXTS,
    **origin.TEXTS,
    **origin_agreed.TEXTS,
    **phytosanitary.TEXTS,
    **inspection.TEXTS,
    **aeo.TEXTS,
    **uses.TEXTS,
    **node_rules.TEXTS,
}
"""Rules in English, and in 繁體中文."""

_PLACE = re.compile(r"\{(\w+)\}")
_FORMS = {"acronym": "[A-Z][A-Z0-9]{1,9}", "n": "[0-9]+", "m": "[0-9]+", "rule": ".+"}


def in_chinese(rule: str) -> str | None:
    """The rule in 繁體中文; None when nobody wrote it there."""
    if (exact := TEXTS.get(rule)) is not None:
        return exact
    for pattern, words in _patterns():
        found = pattern.fullmatch(rule)
        if found is None:
            continue
        parts = found.groupdict()
        if "rule" in parts:
            inner = in_chinese(parts["rule"])
            if inner is None:
                continue
            parts["rule"] = inner
        return words.format_map(parts)
    return None


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns with their words, those that leave least open first."""
    rules = sorted((rule for rule in TEXTS if _PLACE.search(rule)), key=_left_open)
    return tuple((_compiled(rule), TEXTS[rule]) for rule in rules)


def _left_open(rule: str) -> tuple[bool, int]:
    return "{rule}" in rule, -len(_PLACE.sub("", rule))


def _compiled(rule: str) -> re.Pattern[str]:
    parts = _PLACE.split(rule)
    fixed, names = parts[::2], parts[1::2]
    pieces = [re.escape(fixed[0])]
    for name, text in zip(names, fixed[1:], strict=True):
        pieces.append(f"(?P<{name}>{_FORMS.get(name, '.+?')}){re.escape(text)}")
    return re.compile("".join(pieces))
