"""Names of things."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.clock import from_ms, to_ms, to_xml
from node.model.ids import is_node_code, is_uuid, is_uuid7, sha256, uuid7, uuid7_moment

# 48 bits of milliseconds end in the year 10889; Python's datetimes end in 9999.
MILLISECONDS = st.integers(min_value=0, max_value=253_402_300_799_999)
CHANCE = st.binary(min_size=10, max_size=10)


def made(milliseconds: int, chance: bytes) -> str:
    return uuid7(from_ms(milliseconds), lambda count: chance[:count])


@given(MILLISECONDS, CHANCE)
def test_a_uuid7_is_what_rfc_9562_says(milliseconds: int, chance: bytes) -> None:
    identifier = made(milliseconds, chance)
    as_uuid = UUID(identifier)
    assert (as_uuid.version, as_uuid.variant) == (7, RFC_4122)
    assert str(as_uuid) == identifier
    assert is_uuid7(identifier)
    assert is_uuid(identifier)


@given(MILLISECONDS, CHANCE)
def test_a_uuid7_tells_its_moment(milliseconds: int, chance: bytes) -> None:
    assert to_ms(uuid7_moment(made(milliseconds, chance))) == milliseconds


@given(MILLISECONDS, MILLISECONDS, CHANCE, CHANCE)
def test_uuid7s_sort_by_time(first: int, second: int, one: bytes, other: bytes) -> None:
    if first < second:
        assert made(first, one) < made(second, other)


@given(MILLISECONDS, CHANCE, CHANCE)
def test_all_74_random_bits_count(milliseconds: int, one: bytes, other: bytes) -> None:
    free = int.from_bytes(b"\xff" * 10, "big") & ~(0xF << 76) & ~(0x3 << 62)
    different = (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")) & free
    assert (made(milliseconds, one) != made(milliseconds, other)) == bool(different)


GOOD = "018f4a2b-1234-7abc-8def-0123456789ab"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        GOOD.upper(),
        f"{{{GOOD}}}",
        GOOD.replace("-", ""),
        GOOD + "\n",
        " " + GOOD,
        GOOD.replace("7abc", "4abc"),
        GOOD.replace("8def", "cdef"),
        GOOD.replace("0123", "\uff10\uff11\uff12\uff13"),
        "urn:uuid:" + GOOD,
    ],
)
def test_another_spelling_is_no_uuid7(wrong: str) -> None:
    assert is_uuid7(GOOD)
    assert not is_uuid7(wrong)
    with pytest.raises(ValueError, match="not a UUIDv7"):
        uuid7_moment(wrong)


@pytest.mark.parametrize("code", ["XA", "TW1", "XB" + "9" * 14])
def test_node_codes(code: str) -> None:
    assert is_node_code(code)


@pytest.mark.parametrize(
    "code", ["", "X", "xa", "X1", "1XA", "XA-1", "XB" + "9" * 15, "XA\n", "\uff38\uff21", "XÄ", "XA "]
)
def test_what_is_no_node_code(code: str) -> None:
    assert not is_node_code(code)


def test_sha256_is_sha256() -> None:
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.timezones()))
def test_moments_survive_the_wire_to_the_millisecond(moment: datetime) -> None:
    there_and_back = from_ms(to_ms(moment))
    assert timedelta(0) <= moment - there_and_back < timedelta(milliseconds=1)
    assert there_and_back.tzinfo is UTC


def test_a_moment_without_zone_has_no_place_on_the_wire() -> None:
    with pytest.raises(ValueError, match="without time zone"):
        to_ms(datetime(2026, 11, 22))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 22, 14, 35, 6, 123_999, UTC), "2026-11-22T14:35:06.123Z"),
        (datetime(1970, 1, 1, tzinfo=UTC), "1970-01-01T00:00:00.000Z"),
        (datetime(2026, 11, 22, 8, tzinfo=timezone(timedelta(hours=8))), "2026-11-22T00:00:00.000Z"),
    ],
)
def test_moments_have_one_form_in_xml(moment: datetime, text: str) -> None:
    assert to_xml(moment) == text
