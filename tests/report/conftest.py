"""Tests of what leaves the program, on a recording made by hand (`handmade_experiment.py`)."""

import sys
from pathlib import Path

# With --import-mode=importlib tests cannot import one another by name.
sys.path.insert(0, str(Path(__file__).parent))
