"""The app on real trainings (`live_driving.py`), and in terminals (`pty_terminal.py`)."""

import sys
from pathlib import Path

# With --import-mode=importlib tests cannot import one another by name.
sys.path.insert(0, str(Path(__file__).parent))
