"""The oracle's parts find each other whether a test or the program `run.py` uses them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
