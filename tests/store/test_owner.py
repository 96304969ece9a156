"""A store is one node's for good."""

import pytest

from node.errors import StoreOfAnother
from node.model.ids import NodeCode
from node.store.database import Database
from node.store.owner import claim_store


def test_a_store_stays_that_of_the_node_that_made_it(database: Database) -> None:
    for code in ("XA", "XA"):
        database.write(lambda tx, code=code: claim_store(tx, NodeCode(code)))
    with pytest.raises(StoreOfAnother) as refused:
        database.write(lambda tx: claim_store(tx, NodeCode("XB")))
    assert refused.value.fields == {"found": "XA", "code": "XB"}
    database.write(lambda tx: claim_store(tx, NodeCode("XA")))
