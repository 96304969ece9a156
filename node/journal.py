"""The node's journal: one line per named action, for people or machines; never payload, never secrets.

    journal("seal.made", partner="XA", count=32)         # the caller names what happened and small facts about it
    journal("deliver.failed", error=error)               # the error's code and fields; a foreign exception's class only

Whatever a field holds, a line is one line: characters that could end it, colour a terminal or reorder text are shown
by their number (security W5), bytes by their length and digest, and fields with secret-looking names not at all
(security D5).
"""

import hashlib
import json
import math
import re
import sys
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum

from node.clock import Clock, to_xml
from node.errors import NodeError

MAX_TEXT_CHARACTERS = 512
"""Longer values are cut: a line must stay readable and cheap, whatever a partner sends."""

MAX_ITEMS = 20
"""A list or mapping in a field shows so many entries; more is data, not a note about it."""

HIDDEN = "(hidden)"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_OWN_WORDS = frozenset({"at", "level", "action"})
_SECRET = re.compile(
    r"(^|_)(key|keys|secret|secrets|password|passphrase|token|salt|cookie|credential|credentials|authorization|pin)($|_)"
)
_SECRET_IN_NAME_ONLY = frozenset({"key_id", "recipient_key_id", "idempotency_key", "key_file", "token_id"})


class Level(IntEnum):
    """How much a line matters."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class Form(Enum):
    """How a line is written."""

    TEXT = "text"
    """For people: time, level, action, fields."""
    JSON = "json"
    """For machines: one object a line."""


@dataclass(slots=True)
class _Shared:
    """What all views of one journal have in common."""

    write: Callable[[str], object]
    lock: threading.Lock = field(default_factory=threading.Lock)
    counters: Counter[str] = field(default_factory=Counter)


class Journal:
    """Writes lines and counts actions, from any thread. It never raises: a lost line must not lose a paper."""

    def __init__(
        self,
        write: Callable[[str], object],
        clock: Clock,
        *,
        form: Form = Form.TEXT,
        level: Level = Level.INFO,
    ) -> None:
        self._shared = _Shared(write)
        self._clock = clock
        self._form = form
        self._level = level
        self._always: Mapping[str, object] = {}

    def __call__(self, action: str, /, **fields: object) -> None:
        """Report `action` at INFO; with an `error` at WARNING when trying again may help, else at ERROR."""
        error = fields.get("error")
        self._line(_severity(error) if isinstance(error, BaseException) else Level.INFO, action, fields)

    def warning(self, action: str, /, **fields: object) -> None:
        """Report what works as it is and should not stay so (WARNING)."""
        self._line(Level.WARNING, action, fields)

    def detail(self, action: str, /, **fields: object) -> None:
        """Report what only somebody looking for a fault wants to see (DEBUG)."""
        self._line(Level.DEBUG, action, fields)

    def about(self, **fields: object) -> "Journal":
        """The same journal, with `fields` on every line: the exchange, the partner, the call one is busy with."""
        view = Journal(self._shared.write, self._clock, form=self._form, level=self._level)
        view._shared = self._shared
        view._always = {**self._always, **fields}
        return view

    def count(self, name: str, by: int = 1) -> None:
        """Raise the counter `name` without a line."""
        with self._shared.lock:
            self._shared.counters[name] += by

    def counters(self) -> Mapping[str, int]:
        """How often each action was reported and each counter raised since the start."""
        with self._shared.lock:
            return dict(self._shared.counters)

    def _line(self, level: Level, action: str, fields: Mapping[str, object]) -> None:
        self.count(action)
        if level < self._level:
            return
        try:
            facts = {_field_name(name): _fact(name, value) for name, value in {**self._always, **fields}.items()}
            line = _FORMS[self._form](to_xml(self._clock.now()), level.name.lower(), escaped(action), facts)
            with self._shared.lock:
                self._shared.write(line + "\n")
        except (OSError, ValueError):
            # A full disk, a closed stream, a number without digits: the counter is all that is left to tell of it.
            self.count("journal.lost")


def to_stderr(line: str) -> None:
    """Write a line to whatever standard error is now, at once."""
    sys.stderr.write(line)
    sys.stderr.flush()


def escaped(text: str, keep: str = "") -> str:
    r"""`text` with control, format, bidirectional and line-ending characters as `\u001b`, except those in `keep`."""
    return "".join(c if c in keep or unicodedata.category(c) not in _UNSAFE else _by_number(c) for c in text)


def _by_number(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _severity(error: BaseException) -> Level:
    return Level.WARNING if isinstance(error, NodeError) and error.category.retry else Level.ERROR


def _field_name(name: str) -> str:
    return f"{name}_" if name in _OWN_WORDS else escaped(name)


def _fact(name: str, value: object) -> Json:
    if _SECRET.search(name.lower()) and name.lower() not in _SECRET_IN_NAME_ONLY:
        return HIDDEN
    return _shown(value)


def _shown(value: object) -> Json:
    """What a line may say of a value. Types not named here show as their name: a repr could hold anything."""
    match value:
        case None | bool():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Enum():
            return _shown(value.value) if isinstance(value.value, str | int) else value.name
        case int():
            return int(value)
        case str():
            return _cut(escaped(value))
        case bytes() | bytearray() | memoryview():
            return f"{len(value)} bytes sha256:{hashlib.sha256(value).hexdigest()[:16]}"
        case datetime():
            return to_xml(value) if value.tzinfo else f"{type(value).__name__} without zone"
        case NodeError():
            return {"code": value.code, **{name: _fact(name, text) for name, text in value.fields.items()}}
        case BaseException():
            return type(value).__name__
        case Mapping():
            return {escaped(str(key)): _fact(str(key), item) for key, item in list(value.items())[:MAX_ITEMS]}
        case list() | tuple() | set() | frozenset():
            return [_shown(item) for item in list(value)[:MAX_ITEMS]]
        case _:
            return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARACTERS else f"{text[:MAX_TEXT_CHARACTERS]}… ({len(text)} characters)"


def _as_json(at: str, level: str, action: str, facts: Mapping[str, Json]) -> str:
    return json.dumps({"at": at, "level": level, "action": action, **facts}, ensure_ascii=False)


def _as_text(at: str, level: str, action: str, facts: Mapping[str, Json]) -> str:
    words = [f"{name}={_word(fact)}" for name, fact in facts.items()]
    return "  ".join([at, f"{level:<7}", action, " ".join(words)]).rstrip()


def _word(fact: Json) -> str:
    if isinstance(fact, str) and fact and not re.search(r"[\s\"=]", fact):
        return fact
    return json.dumps(fact, ensure_ascii=False)


_FORMS: Mapping[Form, Callable[[str, str, str, Mapping[str, Json]], str]] = {
    Form.TEXT: _as_text,
    Form.JSON: _as_json,
}
