"""One call to the hub's web service: what comes back is bytes, or an error that says who must act."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from node.errors import HubAnswerUnusable, HubError, HubRefused, HubTlsFailed, HubUnavailable, JsonError
from node.http_out import Cause, Failed, HttpOut, Reply
from node.hub.notes import Note
from node.safe_json import JsonLimits, parse

AWAY_S: Final = 3.0
"""After a call that found nobody, others fail at once for so long: a batch must not wait for each of its papers."""

_DONE: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT})
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_NOBODY: Final = frozenset({Cause.UNREACHABLE, Cause.TIMEOUT, Cause.TLS})
_NO_ANSWER: Final = frozenset({Cause.UNREACHABLE, Cause.TIMEOUT, Cause.CUT})

_REASON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_REASON_DEPTH: Final = 8


class HubCalls:
    """Calls from any thread.

    HubUnavailable: trying again may help. HubRefused: a human must look. HubAnswerUnusable: the answer makes no sense.
    HubTlsFailed: the two sides do not trust each other.
    """

    def __init__(self, http: HttpOut) -> None:
        self._http = http
        self._away: tuple[float, Failed] | None = None

    def get(self, path: Sequence[str], query: Mapping[str, str]) -> bytes:
        """The body of what is at `path`. Raises HubError."""
        return self._call(name_of("GET", path), lambda: self._http.get(path, query))

    def put(self, path: Sequence[str], note: Note) -> bytes:
        """Bring `note`; the body of the hub's answer. Raises HubError."""
        body = json.dumps(note, ensure_ascii=False, separators=(",", ":")).encode()
        return self._call(name_of("PUT", path), lambda: self._http.put(path, body))

    def _call(self, call: str, send: Callable[[], Reply | Failed]) -> bytes:
        away = self._away
        if away is not None and time.monotonic() < away[0]:
            raise _failed(call, away[1])
        outcome = send()
        if isinstance(outcome, Failed):
            if outcome.cause in _NOBODY:
                self._away = (time.monotonic() + AWAY_S, outcome)
            raise _failed(call, outcome)
        return _judged(call, outcome)


def name_of(method: str, path: Sequence[str]) -> str:
    """How errors name a call, as in `PUT inbound/0199...`."""
    return f"{method} {'/'.join(path)}"


def _failed(call: str, failed: Failed) -> HubError:
    if failed.cause is Cause.TLS:
        return HubTlsFailed(detail=failed.detail)
    if failed.cause in _NO_ANSWER:
        return HubUnavailable(detail=f"{failed.cause}, {failed.detail}")
    return HubAnswerUnusable(call=call, detail=f"{failed.cause}, {failed.detail}")


def _judged(call: str, reply: Reply) -> bytes:
    if reply.status in _DONE:
        return reply.body
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _LATER:
        raise HubUnavailable(detail=f"{call} was answered with HTTP status {reply.status} ({_reason(reply)})")
    if reply.status < HTTPStatus.MULTIPLE_CHOICES:
        # 202 and its like promise something; only what is done counts.
        raise HubAnswerUnusable(call=call, detail=f"HTTP status {reply.status} does not say that it is done")
    raise HubRefused(call=call, status=reply.status, reason=_reason(reply))


def _reason(reply: Reply) -> str:
    """The hub's own `code` when it gives one, else what the status is called."""
    try:
        value = parse(reply.body, JsonLimits(len(reply.body), _REASON_DEPTH))
    except JsonError:
        value = None
    code = value.get("code") if isinstance(value, dict) else None
    if isinstance(code, str) and _REASON.fullmatch(code):
        return code
    return HTTPStatus(reply.status).phrase if reply.status in set(HTTPStatus) else "no reason given"
