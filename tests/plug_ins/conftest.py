"""An outside package with a kind of its own, installed into a folder as a package manager would."""

from collections.abc import Callable
from pathlib import Path

import pytest

MODULE = '''
"""A kind of paper from outside: the notice of a seal that was found broken."""

from pathlib import Path

from node.documents.code_uses import JsonCodes
from node.documents.json_shapes import JsonSchema, Record
from node.documents.json_values import COUNTRY, DATE, label, one_of
from node.documents.kind import JsonKind
from node.model.document import Identity, Reading

SCHEMA = "urn:example:seal-notice"


def rules(root):
    if root.text_at("container") == root.text_at("seal"):
        yield root.at("seal").breaks("a seal is not its container")


def read(root):
    number = root.text_at("number")
    return Reading(Identity(root.text_at("country") + ":SEALS", number), {"number": number})


KIND = JsonKind(
    name="seal_notice",
    version=1,
    root=SCHEMA,
    title="SealNotice",
    title_en="Notice of a broken seal",
    title_zh="封條毀損通知",
    samples=("broken",),
    sample_folder=Path(__file__).parent,
    schema=JsonSchema(
        Record(
            {
                "schema": one_of(frozenset({SCHEMA}), "must be urn:example:seal-notice"),
                "number": label(35),
                "country": COUNTRY,
                "on": DATE,
                "container": label(17),
                "seal": label(35),
            }
        )
    ),
    rules=rules,
    rule_texts={"a seal is not its container": "封條號碼不得與貨櫃號碼相同"},
    codes=JsonCodes({("country",): "country"}),
    view=Path(__file__).parent / "view.tsv",
    reading=read,
    number="number",
)
'''

VIEW = (
    "# section\tThe notice\t通知\tnumber country on\n# section\tThe seal\t封條\tcontainer seal\n"
    "on\tFound on\t發現日期\ncontainer\tContainer\t貨櫃\nseal\tSeal\t封條\n"
)
SAMPLE = (
    '{"schema": "urn:example:seal-notice", "number": "XA-SEAL-1", "country": "XA", "on": "2026-11-20", '
    '"container": "XAXU1234567", "seal": "S-881"}'
)

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Installs the package, with some of its text replaced, and gives the folder for PYTHONPATH."""

    def put(before: str = "", after: str = "", *, name: str = "seal_notices", point: str = "") -> Path:
        assert before in MODULE
        folder = tmp_path / "site"
        info = folder / f"{name}-1.2.dist-info"
        (folder / name).mkdir(parents=True)
        info.mkdir()
        (folder / name / "__init__.py").write_text(MODULE.replace(before, after, 1) if before else MODULE, "utf-8")
        (folder / name / "view.tsv").write_text(VIEW, "utf-8")
        (folder / name / "broken.json").write_text(SAMPLE, "utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[n2n.kinds]\nseal_notice = {point or f'{name}:KIND'}\n")
        return folder

    return put
