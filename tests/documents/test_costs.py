"""What a paper costs grows with its size and no faster, whatever stands in it."""

import subprocess
import sys
from pathlib import Path

import pytest

PROBE = Path(__file__).parent / "cost_probe.py"


@pytest.mark.parametrize("what", ["junk", "tolerant", "certificate"])
def test_four_times_the_paper_costs_about_four_times_as_much(what: str) -> None:
    done = subprocess.run([sys.executable, str(PROBE), what], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert rows
    # Sixteen times would be the square.
    worse = {name: (small, large) for name, small, large in rows if float(large) > 9 * float(small) + 0.02}
    assert not worse, f"seconds of CPU for a quarter and for the whole: {worse}"
