"""The one door for HTTP out: mutual TLS to one server, one address, bounded in time and bytes; the only user of httpx.

    http = HttpOut("https://hub.example:8443/n2n", TlsFiles(ca, certificate, key), timeout_s=30)
    answer = http.get(["outbound"], {"limit": "32"})      # Reply(200, b'{"items": []}') or Failed(Cause.TLS, "...")

What comes back is a value: a `Reply` with whatever status the server chose, or a `Failed` with one word for the cause.
No redirect is followed, no proxy, cookie or password taken from the environment, no compressed answer unpacked.
"""

import asyncio
import re
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from socket import gaierror
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt, wait_random_exponential

from node.crypto.files import read_file
from node.errors import KeyFileUnusable
from node.model.ids import sha256

CONNECT_S: Final = 10.0
"""A handshake across a country takes milliseconds; after ten seconds nobody is there."""

GET_TRIES: Final = 3
"""A GET whose connection broke is asked again at once, so often; hours of patience belong to the job table."""

MAX_CONNECTIONS: Final = 8
MAX_REPLY_BYTES: Final = 8 << 20
MAX_REFUSAL_BYTES: Final = 64 << 10
"""What is read of an answer that is no success: a reason is short, and its status counts without it."""

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
"""How refusals may be told (RFC 9457)."""

_CIPHERS_BEFORE_13: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_BASE: Final = re.compile(
    rf"https://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?(?:/[A-Za-z0-9._~-]+)*",
    re.ASCII,
)
_MAX_PORT: Final = 65535
_DOTS: Final = frozenset({"", ".", ".."})


class Cause(StrEnum):
    """Why there is no usable answer; a closed list, one word each."""

    UNREACHABLE = "unreachable"
    """No connection: nothing was sent."""
    TLS = "tls"
    """The two sides do not accept each other's certificates or versions."""
    TIMEOUT = "timeout"
    """No whole answer in time: the server may have done what was asked."""
    CUT = "cut"
    """The connection broke: the server may have done what was asked."""
    NOT_HTTP = "not-http"
    """What came back is not HTTP, or compressed although that was not allowed."""
    TOO_LARGE = "too-large"
    """The answer is larger than is read."""
    CONTENT_TYPE = "content-type"
    """A success whose body is not of the type asked for."""


_ASK_AGAIN: Final = frozenset({Cause.UNREACHABLE, Cause.CUT})


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `body` is empty where a refusal's body was too long or of another type."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """No usable answer. `detail` is made of our own words and OpenSSL's, never of the server's."""

    cause: Cause
    detail: str


_CLOSED: Final = Failed(Cause.CUT, "this node is stopping")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of one mutual TLS identity: whom we trust, and how we show ourselves."""

    ca: Path
    certificate: Path
    key: Path

    def digest(self) -> bytes:
        """Changes when a file does. Raises KeyFileTooOpen, KeyFileUnusable."""
        parts = (read_file(self.ca), read_file(self.certificate), read_file(self.key, private=True))
        return sha256(b"".join(sha256(part) for part in parts))

    def load(self) -> ssl.SSLContext:
        """TLS 1.3, or 1.2 with forward secrecy; only the given authority counts, and the name is checked.

        Raises KeyFileTooOpen, KeyFileUnusable.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS_BEFORE_13)
        context.options |= ssl.OP_NO_RENEGOTIATION
        try:
            context.load_verify_locations(cadata=read_file(self.ca).decode("ascii"))
        except (ssl.SSLError, ValueError) as error:
            raise KeyFileUnusable(path=self.ca, detail="it holds no readable PEM certificate") from error
        read_file(self.certificate)
        read_file(self.key, private=True)
        try:
            # A key with a passphrase must fail here, not ask a terminal that nobody watches.
            context.load_cert_chain(self.certificate, self.key, password="")
        except (ssl.SSLError, OSError) as error:
            raise KeyFileUnusable(path=self.key, detail=f"it does not belong to {self.certificate}") from error
        return context


def is_base(url: str) -> bool:
    """Whether `url` may stand before every path: https, host, perhaps port and path; no password, query, last slash."""
    found = _BASE.fullmatch(url)
    if found is None or int(found["port"] or 1) not in range(1, _MAX_PORT + 1):
        return False
    return not any(part in _DOTS for part in url.removeprefix("https://").split("/"))


class HttpOut:
    """Calls to one server below one address, from any thread. Connections are kept between calls.

    Calls run in an event loop of their own, because only there can a whole call be given one deadline: a server that
    sends a byte now and then defeats every timeout of a single read.
    """

    def __init__(self, base: str, tls: TlsFiles, timeout_s: float, max_bytes: int = MAX_REPLY_BYTES) -> None:
        """`timeout_s` bounds a call from its connection to its last byte. Raises KeyFileTooOpen, KeyFileUnusable."""
        if not is_base(base):
            raise ValueError("the base must be https:// and a host, without password, query or slash at its end")
        self._base = base
        self._tls = tls
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._shown = tls.digest()
        self._client = _client(tls.load(), timeout_s)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._retiring: set[asyncio.Task[None]] = set()

    def get(self, path: Sequence[str], query: Mapping[str, str]) -> Reply | Failed:
        """GET below the base; `path` is segments, each encoded. Asked again at once when the connection breaks."""
        return self._run(self._patiently(f"{self._url(path)}?{urlencode(query)}"))

    def put(self, path: Sequence[str], body: bytes) -> Reply | Failed:
        """PUT JSON below the base, once."""
        return self._run(self._in_time(partial(self._once, "PUT", self._url(path), body)))

    def renew(self) -> bool:
        """Use what the TLS files hold now for connections from now on; whether that is something new.

        Calls under way end on their old connections. Raises KeyFileTooOpen, KeyFileUnusable; then nothing changes.
        """
        shown = self._tls.digest()
        if shown == self._shown:
            return False
        fresh = _client(self._tls.load(), self._timeout_s)
        done = self._submit(self._replace(fresh))
        if done is not None:
            done.result()
        self._shown = shown
        return True

    def close(self) -> None:
        """End calls under way (they fail as CUT) and let the connections go. May be called twice."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
            self._closed = True
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _submit(self, work: Coroutine[object, object, Result]) -> Future[Result] | None:
        """Hand `work` to the loop of the calls, which begins at the first one; None when the door is closed.

        Under the lock, so that `close` finds all work in the loop that it ends.
        """
        with self._lock:
            if self._closed:
                work.close()
                return None
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="http-out", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _url(self, path: Sequence[str]) -> str:
        if any(segment in _DOTS for segment in path):
            raise ValueError("a path segment that is empty or dots would lead elsewhere")
        return "/".join((self._base, *(quote(segment, safe="") for segment in path)))

    def _run(self, call: Coroutine[object, object, Reply | Failed]) -> Reply | Failed:
        coming = self._submit(call)
        try:
            return coming.result() if coming is not None else _CLOSED
        except CancelledError:
            return _CLOSED

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()

    async def _replace(self, fresh: httpx.AsyncClient) -> None:
        old, self._client = self._client, fresh
        task = asyncio.create_task(self._retire(old))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _retire(self, old: httpx.AsyncClient) -> None:
        try:
            await asyncio.sleep(self._timeout_s)
        finally:
            await old.aclose()

    async def _patiently(self, url: str) -> Reply | Failed:
        # Made anew for each call: a shared one counts the attempts of all calls together.
        retrying = AsyncRetrying(
            retry=retry_if_result(_asks_again),
            stop=stop_after_attempt(GET_TRIES),
            wait=wait_random_exponential(multiplier=0.1, max=1),
            retry_error_callback=_last,
        )
        return await self._in_time(partial(retrying, self._once, "GET", url))

    async def _in_time(self, call: Callable[[], Awaitable[Reply | Failed]]) -> Reply | Failed:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await call()
        except TimeoutError:
            return Failed(Cause.TIMEOUT, _TOO_LATE)

    async def _once(self, method: str, url: str, body: bytes | None = None) -> Reply | Failed:
        headers = {"Content-Type": JSON} if body is not None else {}
        try:
            async with self._client.stream(method, url, content=body, headers=headers) as response:
                return await self._read(response)
        except (httpx.RequestError, httpx.InvalidURL, ValueError, OSError) as error:
            return _failed(error)

    async def _read(self, response: httpx.Response) -> Reply | Failed:
        if response.headers.get("Content-Encoding", "identity").strip().casefold() != "identity":
            return Failed(Cause.NOT_HTTP, "the answer is compressed")
        most = self._max_bytes if response.is_success else MAX_REFUSAL_BYTES
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > most:
                if response.is_success:
                    return Failed(Cause.TOO_LARGE, f"the answer is larger than {most} bytes")
                return Reply(response.status_code, b"")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().casefold()
        if not body or kind == JSON or (kind == PROBLEM and not response.is_success):
            return Reply(response.status_code, bytes(body))
        if response.is_success:
            return Failed(Cause.CONTENT_TYPE, f"the answer is not {JSON}")
        return Reply(response.status_code, b"")


def _client(context: ssl.SSLContext, timeout_s: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=context,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(connect=min(CONNECT_S, timeout_s), read=timeout_s, write=timeout_s, pool=timeout_s),
        limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
        headers={"User-Agent": "n2n-node", "Accept": JSON, "Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        event_hooks={"response": [_without_location]},
    )


async def _without_location(response: httpx.Response) -> None:
    """Where a redirect would lead is nobody's business; httpx works it out all the same, and fails over odd ones."""
    response.headers.pop("Location", None)


def _asks_again(outcome: Reply | Failed) -> bool:
    return isinstance(outcome, Failed) and outcome.cause in _ASK_AGAIN


def _last(state: RetryCallState) -> Reply | Failed:
    """What the last of all tries brought."""
    if state.outcome is None:
        raise RuntimeError("tenacity ended without an outcome")
    outcome: Reply | Failed = state.outcome.result()
    return outcome


# --- causes ---------------------------------------------------------------------------------------------------------

_TOO_LATE: Final = "no whole answer in time"
# A server that refuses our certificate under TLS 1.3 may do so by closing; then nothing but the break is seen.
_BROKE: Final = "the connection broke; if it always does, our certificate may not be accepted"
# Most specific first; tests/http_out holds that every failure httpx knows is here.
_CAUSES: Final[tuple[tuple[type[Exception], Cause, str], ...]] = (
    (httpx.ConnectTimeout, Cause.UNREACHABLE, "no connection in time"),
    (httpx.ConnectError, Cause.UNREACHABLE, "no connection"),
    (httpx.TimeoutException, Cause.TIMEOUT, _TOO_LATE),
    (httpx.NetworkError, Cause.CUT, _BROKE),
    (httpx.RemoteProtocolError, Cause.NOT_HTTP, "what came back is not HTTP"),
    (httpx.LocalProtocolError, Cause.NOT_HTTP, "the request cannot be written as HTTP"),
    (httpx.RequestError, Cause.NOT_HTTP, "the call cannot be made"),
    (OSError, Cause.CUT, _BROKE),
    (httpx.InvalidURL, Cause.NOT_HTTP, "the answer holds an address that is none"),
    (ValueError, Cause.NOT_HTTP, "the answer holds what is no text or number of HTTP"),
)
_ENDED_EARLY: Final = ("disconnected", "closed", "incomplete")
"""h11 says in words alone that a server closed the connection before its answer was whole."""


def _failed(error: Exception) -> Failed:
    chain = list(_causes_of(error))
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return Failed(Cause.TLS, f"the server's certificate was not accepted: {one.verify_message}")
        if isinstance(one, ssl.SSLError) and not isinstance(one, ssl.SSLEOFError):
            return Failed(Cause.TLS, f"the two sides did not accept each other: {one.reason or 'TLS error'}")
        if isinstance(one, gaierror):
            return Failed(Cause.UNREACHABLE, "the server's name is not known")
    if isinstance(error, httpx.RemoteProtocolError) and any(sign in str(error) for sign in _ENDED_EARLY):
        return Failed(Cause.CUT, _BROKE)
    for kind, cause, detail in _CAUSES:
        if isinstance(error, kind):
            return Failed(cause, detail)
    return Failed(Cause.NOT_HTTP, "the call failed")


def _causes_of(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return chain
