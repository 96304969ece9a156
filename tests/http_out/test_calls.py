"""What comes back through the door when the server answers: whole, bounded, from nowhere else."""

import gzip
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hub_over_https import beside, instead

from node.http_out import GET_TRIES, MAX_REFUSAL_BYTES, Cause, Failed, HttpOut, Reply, is_base


def test_a_get_brings_status_and_body(hub, door: HttpOut) -> None:
    hub.hand_in("one", b"<a/>")
    reply = door.get(["outbound"], {"after": "", "limit": "5"})
    assert isinstance(reply, Reply)
    assert reply.status == 200
    assert [item["name"] for item in json.loads(reply.body)["items"]] == ["one"]


def test_a_put_brings_exactly_these_bytes(hub, door: HttpOut) -> None:
    seen = []

    def look(request) -> None:
        seen.append((request.headers["Content-Type"], request.content))
        request.answer(204)

    hub.fault = instead(look)
    assert door.put(["status", "e1"], b'{"a": 1}') == Reply(204, b"")
    assert seen == [("application/json", b'{"a": 1}')]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_followed_by_nobody(hub, door: HttpOut, status: int) -> None:
    hub.fault = instead(lambda request: request.answer_bytes(status, b"", "text/html", Location="/n2n/elsewhere"))
    assert door.get(["outbound"], {}) == Reply(status, b"")
    assert len(hub.asked) == 1


@pytest.mark.parametrize(
    "where",
    [
        "mailto:x",
        "https:x",
        "http://xn--/",
        "http://[",
        "//",
        "https://x:99999/",
        "http://xn--a\xff.example/",
        " ",
        "x" * 9000,
    ],
)
@pytest.mark.parametrize("ask", [lambda door: door.get(["outbound"], {}), lambda door: door.put(["a"], b"{}")])
def test_a_redirect_to_nowhere_sensible_is_an_answer_too(hub, door: HttpOut, where: str, ask) -> None:
    hub.fault = instead(lambda request: request.answer_bytes(302, b"", "text/html", Location=where))
    assert ask(door) == Reply(302, b"")
    assert len(hub.asked) == 1


@pytest.mark.parametrize("error", [httpx.InvalidURL("x"), UnicodeError("x"), ValueError("x")])
def test_whatever_httpx_makes_of_an_answer_is_a_cause_and_never_an_exception(
    door: HttpOut, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(httpx.AsyncClient, "stream", fail)
    for outcome in (door.get(["outbound"], {}), door.put(["a"], b"{}")):
        assert isinstance(outcome, Failed)
        assert outcome.cause is Cause.NOT_HTTP


@pytest.mark.parametrize("segment", ["../status", "a/b", "a?b", "a#b", "a%2e%2e", "é", "@evil.example", "a\r\nHost: b"])
def test_a_segment_stays_a_segment(hub, door: HttpOut, segment: str) -> None:
    hub.fault = instead(lambda request: request.answer(204))
    door.put(["status", segment], b"{}")
    ((_, path),) = hub.asked
    assert path.startswith("/n2n/status/")
    assert path.count("/") == 3
    assert not set(path) & set("?#@\r\n")


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_segment_that_would_climb_is_refused(door: HttpOut, segment: str) -> None:
    with pytest.raises(ValueError, match="segment"):
        door.put(["status", segment], b"{}")


def test_the_environment_has_no_say(hub, door: HttpOut, monkeypatch, open_door) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    assert open_door(hub.url).get(["outbound"], {"limit": "1"}).status == 200


def test_cookies_are_not_kept(hub, door: HttpOut) -> None:
    cookies = []

    def offer(request) -> None:
        cookies.append(request.headers["Cookie"])
        request.answer_bytes(200, b"{}", "application/json", Set_Cookie="a=b")

    hub.fault = instead(offer)
    for _ in range(2):
        door.get(["outbound"], {})
    assert cookies == [None, None]


def test_an_answer_that_is_too_large_is_not_read_to_its_end(hub, open_door) -> None:
    hub.fault = instead(lambda request: request.answer_bytes(200, b'"' + b"x" * 5000 + b'"', "application/json"))
    failed = open_door(hub.url, max_bytes=1000).get(["outbound"], {})
    assert isinstance(failed, Failed)
    assert failed.cause is Cause.TOO_LARGE
    assert isinstance(open_door(hub.url, max_bytes=5002).get(["outbound"], {}), Reply)


def test_an_answer_without_end_is_stopped_at_the_limit(hub, open_door) -> None:
    def endless(request) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while not hub.released.is_set():
            request.wfile.write(b"400\r\n" + b" " * 1024 + b"\r\n")

    hub.fault = instead(endless)
    assert open_door(hub.url, max_bytes=1000).get(["outbound"], {}).cause is Cause.TOO_LARGE


def test_a_refusal_keeps_its_status_whatever_its_body(hub, door: HttpOut) -> None:
    bodies = iter([(b"<html>", "text/html"), (b'"' + b"x" * MAX_REFUSAL_BYTES + b'"', "application/json")])
    hub.fault = instead(lambda request: request.answer_bytes(409, *next(bodies)))
    for _ in range(2):
        assert door.put(["inbound", "e1"], b"{}") == Reply(409, b"")


def test_a_success_of_another_type_is_no_success(hub, door: HttpOut) -> None:
    hub.fault = instead(lambda request: request.answer_bytes(200, b"<html>logged out</html>", "text/html"))
    assert door.get(["outbound"], {}).cause is Cause.CONTENT_TYPE


def test_a_compressed_answer_is_not_unpacked(hub, door: HttpOut) -> None:
    bomb = gzip.compress(b" " * 1_000_000)
    hub.fault = instead(lambda request: request.answer_bytes(200, bomb, "application/json", Content_Encoding="gzip"))
    assert door.get(["outbound"], {}).cause is Cause.NOT_HTTP


def test_a_connection_cut_before_the_answer_is_told_as_cut_and_a_get_is_asked_again(hub, door: HttpOut) -> None:
    hub.fault = instead(lambda request: request.cut())
    assert door.get(["outbound"], {}).cause is Cause.CUT
    assert len(hub.asked) == GET_TRIES


def test_a_get_whose_connection_broke_once_succeeds(hub, door: HttpOut) -> None:
    cut = instead(lambda request: request.cut())
    hub.fault = lambda request: len(hub.asked) == 1 and cut(request)
    assert door.get(["outbound"], {"limit": "1"}).status == 200


def test_a_put_is_sent_once(hub, door: HttpOut) -> None:
    hub.fault = instead(lambda request: request.cut())
    assert door.put(["inbound", "e1"], b"{}").cause is Cause.CUT
    assert len(hub.asked) == 1


def test_an_answer_cut_in_its_middle_is_no_answer(hub, door: HttpOut) -> None:
    def half(request) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", "100")
        request.end_headers()
        request.wfile.write(b'{"items": []}')
        request.cut()

    hub.fault = instead(half)
    assert door.put(["inbound", "e1"], b"{}").cause is Cause.CUT


def test_what_is_not_http_is_told_as_such(hub, door: HttpOut) -> None:
    hub.fault = instead(lambda request: request.wfile.write(b"220 mail.example ESMTP\r\n\r\n"))
    assert door.put(["inbound", "e1"], b"{}").cause is Cause.NOT_HTTP


def test_a_server_that_never_answers_is_given_up_in_time(hub, open_door) -> None:
    hub.fault = instead(lambda _: hub.released.wait(20))
    began = time.monotonic()
    assert open_door(hub.url, timeout_s=0.3).get(["outbound"], {}).cause is Cause.TIMEOUT
    assert time.monotonic() - began < 10


def test_a_server_that_answers_byte_by_byte_is_given_up_in_time(hub, open_door) -> None:
    """Each read succeeds within its timeout; only the deadline of the whole call ends this."""

    def trickle(request) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000:
            if hub.released.wait(0.05):
                break
            request.wfile.write(bytes([byte]))

    hub.fault = instead(trickle)
    assert open_door(hub.url, timeout_s=0.5).get(["outbound"], {}).cause is Cause.TIMEOUT


def test_nobody_there_is_unreachable(open_door) -> None:
    assert open_door("https://localhost:1").put(["a"], b"{}").cause is Cause.UNREACHABLE


def test_a_name_nobody_has_is_unreachable(open_door) -> None:
    failed = open_door("https://no-such-host.invalid").put(["a"], b"{}")
    assert (failed.cause, failed.detail) == (Cause.UNREACHABLE, "the server's name is not known")


def test_many_threads_may_call_at_once(hub, door: HttpOut) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: door.get(["outbound"], {"limit": "1"}), range(64)))
    assert {reply.status for reply in replies} == {200}


def test_connections_are_kept_between_calls(hub, door: HttpOut) -> None:
    ports = set()
    hub.fault = beside(lambda request: ports.add(request.client_address[1]))
    for _ in range(5):
        door.get(["outbound"], {"limit": "1"})
    assert len(ports) == 1


def test_closing_ends_a_call_under_way(hub, open_door) -> None:
    door = open_door(hub.url, timeout_s=60)
    under_way = threading.Event()

    def stall(request) -> None:
        under_way.set()
        hub.released.wait(20)

    hub.fault = instead(stall)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(door.put, ["inbound", "e1"], b"{}")
        assert under_way.wait(10)
        door.close()
        assert call.result(10).cause is Cause.CUT
    door.close()
    assert door.get(["outbound"], {}).cause is Cause.CUT
    assert len(hub.asked) == 1


def test_a_door_that_was_never_used_closes_and_stays_closed(hub, open_door) -> None:
    door = open_door(hub.url)
    door.close()
    assert door.put(["inbound", "e1"], b"{}").cause is Cause.CUT
    assert hub.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://hub.example",
        "https://hub:8443/n2n/v1",
        "https://10.0.0.1:1",
        "https://[::1]:65535",
        "https://a_b.c-d/x.y~z",
    ],
)
def test_a_base_may_be(url: str) -> None:
    assert is_base(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example",
        "https://",
        "https://hub.example/",
        "https://user:word@hub.example",
        "https://hub.example?x=1",
        "https://hub.example#x",
        "https://hub.example/../x",
        "https://hub.example/a/./b",
        "https://hub.example//a",
        "https://hub..example",
        "https://hub.example:0",
        "https://hub.example:65536",
        "https://hub.example:",
        "https://hub example",
        "https://hub.example\n",
        "https://" + "a" * 64,
        "HTTPS://hub.example",
        "",
    ],
)
def test_a_base_may_not_be(url: str, files) -> None:
    assert not is_base(url)
    with pytest.raises(ValueError, match="base"):
        HttpOut(url, files, 1)
