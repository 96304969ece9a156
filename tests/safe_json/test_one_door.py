"""Nothing in the node reads JSON past safe_json; writing it is free (architecture 3)."""

import ast
from pathlib import Path

import pytest

import node

PACKAGE = Path(node.__file__).parent
DOOR = PACKAGE / "safe_json.py"
READS_ITS_OWN_WORDS = {
    PACKAGE / "store/columns.py",  # what its own database columns hold, written by the functions beside it
    PACKAGE / "store/operator_rows.py",  # as above, one column of the register of operators
    PACKAGE / "store/migrations/versions/0007_registers.py",  # as above, brought along from earlier releases
    PACKAGE / "sandbox/chaos_history.py",  # what its own recorder wrote, and notes of the hubs it plays
    PACKAGE / "sandbox/bench_process.py",  # what its own child process prints while it measures
}
"""No foreign bytes get there."""

READING = {"load", "loads", "JSONDecoder", "raw_decode", "detect_encoding", "scanner"}
OTHER_PARSERS = {"simplejson", "orjson", "ujson", "rapidjson", "demjson3", "json5", "hjson", "pydantic_core", "msgspec"}


def reads_json(source: str) -> list[str]:
    """Each place in `source` that could read JSON by itself."""
    found = []
    for item in ast.walk(ast.parse(source)):
        if isinstance(item, ast.Import):
            found += [name.name for name in item.names if name.name.split(".")[0] in OTHER_PARSERS]
            found += [name.name for name in item.names if name.name.startswith("json.")]
            found += [name.name for name in item.names if name.name == "json" and name.asname]
        if isinstance(item, ast.ImportFrom) and item.module:
            found += [item.module] if item.module.split(".")[0] in OTHER_PARSERS else []
            found += [name.name for name in item.names if item.module.split(".")[0] == "json" and name.name in READING]
        if isinstance(item, ast.Attribute) and item.attr in READING:
            owner = item.value
            found += [f"json.{item.attr}"] if isinstance(owner, ast.Name) and owner.id == "json" else []
        if isinstance(item, ast.Attribute) and item.attr in {"model_validate_json", "parse_raw", "validate_json"}:
            found.append(item.attr)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_module_reads_json(path: Path) -> None:
    assert path == DOOR or path in READS_ITS_OWN_WORDS or reads_json(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [DOOR, *sorted(READS_ITS_OWN_WORDS)], ids=lambda path: path.name)
def test_an_exception_that_nobody_needs_is_noticed(path: Path) -> None:
    assert reads_json(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "import json\njson.loads('')",
        "import json\njson.load(file)",
        "import json\nread = json.loads",
        "import json\njson.JSONDecoder()",
        "import json as j",
        "import json.decoder",
        "from json import loads",
        "from json.decoder import JSONDecoder",
        "import orjson",
        "from pydantic_core import from_json",
        "Model.model_validate_json(data)",
    ],
)
def test_the_search_sees_a_second_door(source: str) -> None:
    assert reads_json(source)


def test_writing_is_no_reading() -> None:
    assert reads_json("import json\nfrom json import dumps\njson.dumps({})\njson.dump({}, file)\nbook.load()") == []
