"""The manifest has one form: whatever reads as a manifest is byte for byte what would be written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.crypto import manifest as reading
from node.crypto.seal import manifest_from_xml, manifest_to_xml
from node.errors import ManifestRefused
from node.model.envelope import Manifest, Purpose
from node.model.ids import Digest, NodeCode

GOOD = Manifest(
    purpose=Purpose.PAPERS,
    sender=NodeCode("XA"),
    recipient=NodeCode("XB"),
    created=datetime(2026, 11, 22, 14, 35, 6, 123000, tzinfo=UTC),
    count=3,
    root=Digest(bytes(range(32))),
    profile="xa-xb-trade",
    profile_version=7,
)
OCTETS = manifest_to_xml(GOOD)
PIECES = [b"0", b"1", b"9", b"A", b"a", b"Z", b"-", b".", b"&#65;", b"<x/>", b" ", b"\n", b'"', b"<!--x-->", b"/>"]

codes = st.from_regex(r"[A-Z]{2}[A-Z0-9]{0,14}", fullmatch=True).map(NodeCode)
manifests = st.builds(
    Manifest,
    purpose=st.sampled_from(Purpose),
    sender=codes.filter(lambda code: code != "XB"),
    recipient=st.just(NodeCode("XB")),
    created=st.integers(0, 253402300799999).map(
        lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    ),
    count=st.integers(1, 64),
    root=st.binary(min_size=32, max_size=32).map(Digest),
    profile=st.from_regex(r"[a-z0-9][a-z0-9.-]{0,63}", fullmatch=True),
    profile_version=st.integers(1, 2**31 - 1),
)


def test_the_written_form_is_the_one_of_the_protocol() -> None:
    assert OCTETS == (
        b'<Seal xmlns="urn:n2n:v1:seal" version="n2n/v1"><Purpose>papers</Purpose><Sender>XA</Sender>'
        b"<Recipient>XB</Recipient><Created>2026-11-22T14:35:06.123Z</Created><Count>3</Count>"
        b"<Root>000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f</Root>"
        b'<Profile id="xa-xb-trade" version="7"/></Seal>'
    )


@given(manifest=manifests)
def test_what_is_written_reads_back(manifest: Manifest) -> None:
    assert manifest_from_xml(manifest_to_xml(manifest)) == manifest


def test_a_manifest_without_profile_reads_back() -> None:
    bare = replace(GOOD, profile="", profile_version=0)
    assert b"Profile" not in manifest_to_xml(bare)
    assert manifest_from_xml(manifest_to_xml(bare)) == bare


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 0},
        {"count": 65},
        {"count": -1},
        {"root": b""},
        {"root": bytes(31)},
        {"root": bytes(33)},
        {"sender": "xa"},
        {"sender": "X"},
        {"sender": "XA<"},
        {"recipient": "XA"},
        {"recipient": "X" * 17},
        {"profile": 'a"b'},
        {"profile": "A"},
        {"profile": "a" * 65},
        {"profile_version": 0},
        {"profile_version": 2**31},
        {"profile": ""},
    ],
)
def test_a_field_that_breaks_its_rule_is_not_written(changes: dict[str, object]) -> None:
    with pytest.raises(ManifestRefused):
        manifest_to_xml(replace(GOOD, **changes))


@pytest.mark.parametrize("count", [1, 64])
def test_the_ends_of_the_count_are_written(count: int) -> None:
    assert manifest_from_xml(manifest_to_xml(replace(GOOD, count=count))).count == count


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda octets: octets.replace(old, new, 1)


@pytest.mark.parametrize(
    "vary",
    [
        swap(b"<Seal", b'<?xml version="1.0"?><Seal'),
        swap(b"<Seal", b"\xef\xbb\xbf<Seal"),
        swap(b"<Seal", b"\n<Seal"),
        swap(b"</Seal>", b"</Seal>\n"),
        swap(b"</Seal>", b"\n</Seal>"),
        swap(b"<Purpose>", b"<!-- x --><Purpose>"),
        swap(b"<Purpose>", b"<?x y?><Purpose>"),
        swap(b"<Seal", b"<!DOCTYPE Seal><Seal"),
        swap(b"<Purpose>papers", b"<Purpose><![CDATA[papers]]>"),
        swap(b"papers", b"&#112;apers"),
        swap(b"papers", b"Papers"),
        swap(b"papers", b"letters"),
        swap(b'xmlns="urn:n2n:v1:seal"', b'xmlns="urn:n2n:v2:seal"'),
        swap(b'xmlns="urn:n2n:v1:seal"', b"xmlns='urn:n2n:v1:seal'"),
        swap(b'version="n2n/v1"', b'version="n2n/v2"'),
        swap(b' version="n2n/v1"', b""),
        swap(b"<Seal ", b"<Seal  "),
        swap(b"<Seal xmlns", b'<Seal extra="1" xmlns'),
        swap(b"<Sender>XA</Sender><Recipient>XB</Recipient>", b"<Recipient>XB</Recipient><Sender>XA</Sender>"),
        swap(b"<Sender>XA</Sender>", b"<Sender>XA</Sender><Sender>XA</Sender>"),
        swap(b"<Sender>XA</Sender>", b""),
        swap(b"<Sender>XA", b"<Sender> XA"),
        swap(b"<Sender>XA", b"<Sender>XA<i/>"),
        swap(b"<Recipient>XB", b"<Recipient>XA"),
        swap(b"<Count>3", b"<Count>03"),
        swap(b"<Count>3", b"<Count>+3"),
        swap(b"<Count>3", b"<Count>0"),
        swap(b"<Count>3", b"<Count>65"),
        swap(b"<Count>3", b"<Count>\xd9\xa3"),
        swap(b"<Count>3", b"<Count>99999999999999999999"),
        swap(b"0a0b", b"0A0B"),
        swap(b"1f</Root>", b"</Root>"),
        swap(b"06.123Z", b"06.1230Z"),
        swap(b"06.123Z", b"06Z"),
        swap(b"06.123Z", b"06.123"),
        swap(b"14:35:06.123Z", b"15:35:06.123+01:00"),
        swap(b"2026-11-22", b"2026-13-22"),
        swap(b"2026-11-22", b"0000-11-22"),
        swap(b'<Profile id="xa-xb-trade" version="7"/>', b'<Profile version="7" id="xa-xb-trade"/>'),
        swap(b'<Profile id="xa-xb-trade" version="7"/>', b'<Profile id="xa-xb-trade" version="7"></Profile>'),
        swap(b'<Profile id="xa-xb-trade" version="7"/>', b'<Profile id="" version="7"/>'),
        swap(b'<Profile id="xa-xb-trade" version="7"/>', b'<Profile id="xa-xb-trade"/>'),
        swap(b"<Profile ", b"<Extra/><Profile "),
        swap(b"</Seal>", b"<Extra/></Seal>"),
        swap(b"</Seal>", b""),
        lambda _: b"",
        lambda _: b"\x00",
        lambda octets: octets.decode().encode("utf-16"),
        lambda octets: octets + b" " * 4096,
    ],
)
def test_any_other_spelling_is_refused(vary: Callable[[bytes], bytes]) -> None:
    varied = vary(OCTETS)
    assert varied != OCTETS
    with pytest.raises(ManifestRefused):
        manifest_from_xml(varied)


@given(at=st.integers(0, len(OCTETS) - 1), octet=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_another_manifest(at: int, octet: int) -> None:
    varied = OCTETS[:at] + bytes([octet]) + OCTETS[at + 1 :]
    try:
        manifest = manifest_from_xml(varied)
    except ManifestRefused:
        return
    assert manifest_to_xml(manifest) == varied
    assert (manifest == GOOD) == (varied == OCTETS)


@settings(deadline=None)
@given(manifest=manifests)
def test_what_is_written_is_read_alike_with_and_without_the_engine(manifest: Manifest) -> None:
    data = manifest_to_xml(manifest)
    assert reading._in_form(data) == reading._by_engine(data) == manifest


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, len(OCTETS)), out=st.integers(0, 3), piece=st.sampled_from(PIECES) | st.binary(max_size=2))
def test_without_the_engine_nothing_is_read_that_the_engine_would_not_read(at: int, out: int, piece: bytes) -> None:
    data = OCTETS[:at] + piece + OCTETS[at + out :]
    found = reading._in_form(data)
    if found is not None:
        assert found == reading._by_engine(data)
