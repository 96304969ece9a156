"""A domestic hub over HTTPS as docs/hub-rest.md tells hub engineers to build one, with faults on demand.

A real server on a real socket with mutual TLS, in a thread; what it holds is read by tests while it runs.
"""

import base64
import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Fault = Callable[["Request"], bool]
"""Called before a request is served; True when it has answered, in its own way, in the hub's place."""


def instead(act: Callable[["Request"], object]) -> Fault:
    """A fault that does `act` and nothing else."""

    def fault(request: "Request") -> bool:
        act(request)
        return True

    return fault


def beside(act: Callable[["Request"], object]) -> Fault:
    """No fault: `act` looks on while the hub serves."""

    def look(request: "Request") -> bool:
        act(request)
        return False

    return look


def document(note: Mapping[str, Any]) -> bytes:
    """The exact bytes of a paper that the node brought."""
    return base64.b64decode(note["document"], validate=True)


@dataclass(slots=True)
class Hub:
    """What the hub holds, and what it was told."""

    inbound: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    outbound: list[Any] = field(default_factory=list)
    outgoing_answers: list[Any] = field(default_factory=list)
    outcomes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    fault: Fault | None = None
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def hand_in(self, name: str, content: bytes, partner: str = "XB", **other: object) -> None:
        """Let a paper wait for the node; `other` departs from what is right."""
        item = {
            "name": name,
            "partner": partner,
            "sha256": hashlib.sha256(content).hexdigest(),
            "document": base64.b64encode(content).decode(),
        }
        self.outbound.append({**item, **other})

    def put(self, path: list[str], sent: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        """Take what the node brings; the same again changes nothing."""
        match path:
            case ["inbound", exchange]:
                return self._inbound(exchange, sent)
            case ["status", exchange]:
                return self._note(self.status, exchange, sent)
            case ["answers", exchange]:
                return self._note(self.answers, exchange, sent)
            case ["outbound", name, "outcome"]:
                return self._outcome(self.outbound, f"outbound/{name}", name, sent)
            case ["answers", "outgoing", name, "outcome"]:
                return self._outcome(self.outgoing_answers, f"answers/{name}", name, sent)
        return 404, {"code": "NO-SUCH-PLACE"}

    def page(self, waiting: list[Any], after: str, limit: int, skip: int = 0) -> dict[str, Any]:
        """What has no outcome yet, from `after` on. The cursor is a mere place in the list, the worst there is."""
        begin = int(after or 0) + skip
        end = begin + limit
        return {"items": waiting[begin:end], "next": str(end) if end < len(waiting) else None}

    def _inbound(self, exchange: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        digest = hashlib.sha256(document(sent)).hexdigest()
        if digest != sent["sha256"]:
            return 400, {"code": "DIGEST"}
        before = self.inbound.get(exchange)
        if before is not None and before["sha256"] != digest:
            return 409, {"code": "OTHER-CONTENT"}
        if before is None:
            self.inbound[exchange] = sent
            self.effects.append(f"inbound {exchange}")
        return 201 if before is None else 200, {"sha256": digest}

    def _note(self, notes: dict[str, dict[str, Any]], exchange: str, sent: dict[str, Any]) -> tuple[int, None]:
        if notes.get(exchange) != sent:
            notes[exchange] = sent
            self.effects.append(f"note {exchange}")
        return 204, None

    def _outcome(self, waiting: list[Any], key: str, name: str, sent: dict[str, Any]) -> tuple[int, None]:
        self.outcomes.setdefault(key, []).append(sent)
        waiting[:] = [one for one in waiting if not isinstance(one, dict) or one.get("name") != name]
        return 204, None


class Request(BaseHTTPRequestHandler):
    """One request to the hub. Faults use its methods to misbehave."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    hub: Hub
    content: bytes = b""

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        self.content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.hub.asked.append((self.command, self.path))
        if self.hub.fault is not None and self.hub.fault(self):
            return
        self.answer(*self.outcome())

    def outcome(self) -> tuple[int, dict[str, Any] | None]:
        """Do what was asked, without answering yet."""
        url = urlsplit(self.path)
        path = [unquote(part) for part in url.path.removeprefix("/n2n/").split("/")]
        with self.hub.lock:
            if self.command == "PUT":
                return self.hub.put(path, json.loads(self.content))
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            lists = {"outbound": self.hub.outbound, "answers/outgoing": self.hub.outgoing_answers}
            waiting = lists["/".join(path)]
            return 200, self.hub.page(waiting, query.get("after", ""), int(query["limit"]), int(query.get("skip", 0)))

    def answer(self, status: int, value: object | None = None) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        self.answer_bytes(status, body, "application/json")

    def answer_bytes(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        """Close the connection without another byte."""
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True

    def __init__(self, host: str, context: ssl.SSLContext, handler: type[Request]) -> None:
        self._context = context
        super().__init__((host, 0), handler)

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        connection, address = super().get_request()
        # The handshake happens in the connection's own thread, at its first read.
        wrapped = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return wrapped, address

    def shutdown_request(self, request: ssl.SSLSocket) -> None:
        # Closing over bytes nobody read resets the connection, and takes along what was said last.
        with suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            request.settimeout(1)
            while request.recv(65536):
                pass
        self.close_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        return


@contextmanager
def serving(
    certificate: Path,
    key: Path,
    client_roots: Path,
    *,
    host: str = "127.0.0.1",
    versions: tuple[ssl.TLSVersion, ssl.TLSVersion] | None = None,
) -> Iterator[Hub]:
    """A hub that serves until the block ends, and asks callers for a certificate below `client_roots`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(client_roots)
    context.verify_mode = ssl.CERT_REQUIRED
    if versions is not None:
        context.minimum_version, context.maximum_version = versions
    hub = Hub()
    server = _Server(host, context, type("BoundRequest", (Request,), {"hub": hub, "timeout": 20}))
    hub.url = f"https://localhost:{server.server_port}/n2n"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
