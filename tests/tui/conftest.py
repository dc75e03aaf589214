"""Tests of the app on a session made by hand (`handmade.py`, `driving.py`)."""

import sys
from pathlib import Path

# With --import-mode=importlib tests cannot import one another by name.
sys.path.insert(0, str(Path(__file__).parent))
