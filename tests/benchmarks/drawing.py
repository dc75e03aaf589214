"""The processor time that the drawing thread and the trainer thread take, in cores.

    python tests/benchmarks/drawing.py [--seconds 10]

Steadier than a ratio of throughputs where the machine's own speed changes: what an eager training
loses to the screen is what the drawing thread takes. Linux only (it reads /proc).
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from screen import FLAT_OUT, PRESETS, started
from terminal import Terminal


def processor_seconds(terminal: Terminal) -> dict[int, float]:
    """By thread."""
    tick = os.sysconf("SC_CLK_TCK")
    found = {}
    for thread in Path(f"/proc/{terminal.pid}/task").iterdir():
        fields = (thread / "stat").read_text().rsplit(")", 1)[1].split()
        found[int(thread.name)] = (int(fields[11]) + int(fields[12])) / tick
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    results = {}
    for name, text in PRESETS.items():
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / f"{name}.toml"
            path.write_text(text.format(steps=FLAT_OUT))
            terminal = started(path)
            before, began = processor_seconds(terminal), time.perf_counter()
            terminal.pump(arguments.seconds)
            after, took = processor_seconds(terminal), time.perf_counter() - began
            used = {t: (after[t] - before.get(t, 0.0)) / took for t in after}
            drawing = used.pop(terminal.pid)
            results[name] = {
                "drawing": round(drawing, 3),
                "trainer": round(max(used.values()), 3),
            }
            terminal.close()
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
