"""Errors cross the border by their code alone, and come back as the same class."""

import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from node.errors import CallerUnknown, Category, Malformed, NodeError, StoreCorrupt, Unexpected, catalogue
from node.wire.status import DOMAIN, WORDS, error_from_status, status_from_error

OURS = {Category.MISCONFIGURED, Category.CORRUPT, Category.INTERNAL}


@pytest.mark.parametrize("error", catalogue().values(), ids=lambda error: error.code)
def test_every_error_returns_as_its_own_class_or_as_internal(error: type[NodeError]) -> None:
    returned = error_from_status(status_from_error(error()).SerializeToString())
    assert type(returned) is (Unexpected if error.category in OURS else error)


def test_every_category_has_one_of_the_four_words() -> None:
    assert set(WORDS) == set(Category)
    assert set(WORDS.values()) == {"malformed", "not authentic", "not for us", "try later"}


def test_fields_and_sentences_stay_inside() -> None:
    secret = "/srv/keys/receipt.key"
    for error in (Malformed(field=secret, rule=secret), StoreCorrupt(what=secret), Unexpected(detail=secret)):
        assert secret.encode() not in status_from_error(error).SerializeToString()


def test_a_corrupt_request_is_called_malformed_with_its_code() -> None:
    status = status_from_error(Malformed(field="Header.kind", rule="x"))
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (status.code, status.message, info.reason, info.domain) == (3, "malformed", "N2N-WIRE-001", "n2n.v1")


def garbage() -> list[bytes]:
    unknown = Status(code=3)
    unknown.details.add().Pack(ErrorInfo(reason="N2N-WIRE-999", domain=DOMAIN))
    foreign = Status(code=3)
    foreign.details.add().Pack(ErrorInfo(reason="N2N-WIRE-001", domain="elsewhere"))
    broken = status_from_error(CallerUnknown())
    broken.details[0].value = b"\xff\xff"
    long = Status(code=3, message="x" * 5000)
    return [
        b"",
        b"\xff",
        unknown.SerializeToString(),
        foreign.SerializeToString(),
        broken.SerializeToString(),
        long.SerializeToString(),
    ]


@pytest.mark.parametrize("data", garbage(), ids=["empty", "corrupt", "unknown", "foreign", "broken detail", "too long"])
def test_what_a_partner_invents_is_no_error_of_ours(data: bytes) -> None:
    assert error_from_status(data) is None
