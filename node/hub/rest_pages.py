"""A page of one of the hub's lists, strictly read: what is right in it, and what is wrong one by one."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from node.errors import HubAnswerUnusable, JsonError, SubmissionUnreadable
from node.hub.answer_files import read_answer
from node.hub.notes import is_hub_name
from node.model.hub import HandedAnswer, HandedIn
from node.model.ids import NodeCode, is_node_code, sha256
from node.safe_json import Json, JsonLimits, parse

PAGE_DEPTH = 4
"""The page, its list, an item, and one to spare."""

MAX_CURSOR_CHARACTERS = 256
MAX_SHOWN = 40
"""Characters of a foreign member's name that an error repeats."""

Item = TypeVar("Item", HandedIn, HandedAnswer)
Members = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that cannot be taken. Without a name that can be used, the hub cannot be told either."""

    name: str
    error: SubmissionUnreadable


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """What a page holds, in the hub's order, and the cursor of the next one; empty when this is the last."""

    items: tuple[Item, ...]
    unreadable: tuple[Unreadable, ...]
    following: str


def read_page(body: bytes, call: str, read: Callable[[Members], Item], most: int) -> Page[Item]:
    """Read a whole page of at most `most` items; `read` makes an item.

    Raises HubAnswerUnusable when the page itself is not right, before anything is done for any of its items.
    """
    value = read_object(body, call)
    if unknown := sorted(set(value) - {"items", "next"}):
        raise HubAnswerUnusable(call=call, detail=f"the member {unknown[0][:MAX_SHOWN]!r} is unknown")
    waiting, following = value.get("items"), value.get("next") or ""
    if not isinstance(waiting, list):
        raise HubAnswerUnusable(call=call, detail="items must be a list")
    if len(waiting) > most:
        raise HubAnswerUnusable(call=call, detail=f"{len(waiting)} items, where {most} at most were asked for")
    if not isinstance(following, str) or len(following) > MAX_CURSOR_CHARACTERS:
        raise HubAnswerUnusable(call=call, detail=f"next must be text of at most {MAX_CURSOR_CHARACTERS} characters")
    items: list[Item] = []
    unreadable: list[Unreadable] = []
    for one in waiting:
        try:
            items.append(read(_members(one)))
        except SubmissionUnreadable as error:
            unreadable.append(Unreadable(_name(one), error))
    return Page(tuple(items), tuple(unreadable), following)


def read_object(body: bytes, call: str) -> dict[str, Json]:
    """The JSON object that the hub answered to `call`. Raises HubAnswerUnusable."""
    try:
        value = parse(body, JsonLimits(len(body), PAGE_DEPTH))
    except JsonError as error:
        raise HubAnswerUnusable(call=call, detail=error.code) from error
    if not isinstance(value, dict):
        raise HubAnswerUnusable(call=call, detail="it is no JSON object")
    return value


def paper_reader(max_bytes: int) -> Callable[[Members], HandedIn]:
    """Reads a paper of at most `max_bytes`; what it returns raises SubmissionUnreadable."""

    def read(item: Members) -> HandedIn:
        name, partner = _named(item)
        _require_only(item, name, {"name", "partner", "sha256", "document"})
        encoded = _text(item, name, "document")
        if len(encoded) > 4 * (max_bytes // 3 + 1):
            raise SubmissionUnreadable(name=name, detail=f"larger than {max_bytes} bytes")
        try:
            content = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise SubmissionUnreadable(name=name, detail="document is not base64") from error
        if len(content) > max_bytes:
            raise SubmissionUnreadable(name=name, detail=f"larger than {max_bytes} bytes")
        if _text(item, name, "sha256") != sha256(content).hex():
            raise SubmissionUnreadable(name=name, detail="its SHA-256 is another than sha256 says")
        return HandedIn(name, partner, content)

    return read


def read_handed_answer(item: Members) -> HandedAnswer:
    """An agency's decision. Raises SubmissionUnreadable."""
    name, partner = _named(item)
    exchange, answer = read_answer(name, {key: value for key, value in item.items() if key not in ("name", "partner")})
    return HandedAnswer(name, partner, exchange, answer)


def _members(one: Json) -> Members:
    if not isinstance(one, dict):
        raise SubmissionUnreadable(name="(name withheld)", detail="it is no JSON object")
    return one


def _name(one: Json) -> str:
    """The name to answer under; empty when there is none that can be used."""
    name = one.get("name") if isinstance(one, dict) else None
    return name if isinstance(name, str) and is_hub_name(name) else ""


def _named(item: Members) -> tuple[str, NodeCode]:
    name = _name(dict(item))
    if not name:
        raise SubmissionUnreadable(name="(name withheld)", detail="its name is not allowed")
    partner = _text(item, name, "partner")
    if not is_node_code(partner):
        raise SubmissionUnreadable(name=name, detail="partner is no node code")
    return name, NodeCode(partner)


def _require_only(item: Members, name: str, known: set[str]) -> None:
    if unknown := sorted(set(item) - known):
        raise SubmissionUnreadable(name=name, detail=f"the member {unknown[0][:MAX_SHOWN]!r} is unknown")


def _text(item: Members, name: str, key: str) -> str:
    text = item.get(key)
    if not isinstance(text, str):
        raise SubmissionUnreadable(name=name, detail=f"{key} must be text")
    return text
