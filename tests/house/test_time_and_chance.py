"""Time and randomness are arguments; only a few modules may ask the machine for them (architecture 6)."""

import ast
from collections.abc import Mapping

# The machine's clock is read here and handed in everywhere else.
CLOCK_HOMES = ("node/clock.py",)
# Measuring how long something took, or waiting for a person's terminal, is not the time of the papers.
CHANCE_HOMES = ("node/wiring.py", "node/sandbox/", "node/cli/")

CLOCK_CALLS = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}
CHANCE_CALLS = {("os", "urandom"), ("uuid", "uuid1"), ("uuid", "uuid4"), ("uuid", "uuid7")}
CHANCE_MODULES = {"random", "secrets"}


def offences(name: str, tree: ast.AST) -> list[str]:
    """What in a module asks the machine for time or randomness although it may not."""
    found = []
    for each in ast.walk(tree):
        if isinstance(each, ast.Attribute):
            owner = each.value.attr if isinstance(each.value, ast.Attribute) else getattr(each.value, "id", "")
            if (owner, each.attr) in CLOCK_CALLS and name not in CLOCK_HOMES:
                found.append(f"{name}:{each.lineno} {owner}.{each.attr}")
            if (owner, each.attr) in CHANCE_CALLS and not name.startswith(CHANCE_HOMES):
                found.append(f"{name}:{each.lineno} {owner}.{each.attr}")
        modules = [alias.name for alias in each.names] if isinstance(each, ast.Import) else []
        if isinstance(each, ast.ImportFrom):
            modules = [each.module or ""]
            pairs = {(each.module, alias.name) for alias in each.names}
            if pairs & (CLOCK_CALLS | CHANCE_CALLS) and name not in CLOCK_HOMES:
                found.append(f"{name}:{each.lineno} from {each.module}")
        if CHANCE_MODULES & set(modules) and not name.startswith(CHANCE_HOMES):
            found.append(f"{name}:{each.lineno} {modules}")
    return found


def test_time_and_randomness_are_arguments(modules: Mapping[str, ast.Module]) -> None:
    assert [found for name, tree in modules.items() for found in offences(name, tree)] == []


def test_a_hidden_clock_or_dice_is_noticed() -> None:
    tree = ast.parse(
        "import time, secrets, os, datetime\nfrom time import time_ns\n"
        "time.time()\ndatetime.datetime.now()\nos.urandom(3)\nclock.now()\ntime.monotonic()\n"
    )
    found = offences("node/flows/outbound.py", tree)
    assert [each.split(":")[1].split()[0] for each in found] == ["1", "2", "3", "4", "5"]
    assert offences("node/clock.py", ast.parse("import time\ntime.time_ns()")) == []
