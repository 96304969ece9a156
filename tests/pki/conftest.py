"""A PKI of two countries and the moment it was drawn at."""

from datetime import UTC, datetime

import pytest

from node.model.ids import NodeCode
from node.sandbox.dev_pki import DevPki, draw


@pytest.fixture(scope="session")
def moment() -> datetime:
    # The machine's own time: openssl compares with it.
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def pki(moment: datetime, tmp_path_factory: pytest.TempPathFactory) -> DevPki:
    return draw(tmp_path_factory.mktemp("pki"), [NodeCode("XA"), NodeCode("XB")], moment)
