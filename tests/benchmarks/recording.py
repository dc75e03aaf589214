"""What recording costs: headless throughput with a recorder ÷ without one.

    python tests/benchmarks/recording.py [--seconds 20] [--repeats 5] [--only article]

Each repeat measures both ways, one after the other, each in a process of its own; the ratios are
medians of the repeats. Nothing else should run on the machine.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from presets import FLAT_OUT, PRESETS

HEADLESS = """
import sys, time
from pathlib import Path
from dicttui.preset.reading import read
from dicttui.record.recorder import Recorder
from dicttui.training.observation import Observer
from dicttui.training.session import Session

class Counter(Observer):
    steps = 0
    def made(self, run, segment, first, losses):
        self.steps += len(losses)

preset, seconds, directory = read(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
counter = Counter()
observers = [counter]
if directory:
    observers.append(Recorder.begin(preset, Path(directory)))
session = Session(preset, paced=False, observers=observers)
session.start()
while counter.steps < 100:
    time.sleep(0.05)
time.sleep(4)
first, began = counter.steps, time.perf_counter()
time.sleep(seconds)
made, took = counter.steps - first, time.perf_counter() - began
session.close()
print(made / took)
"""


def throughput(preset: Path, seconds: float, directory: str) -> float:
    """Steps per second of all runs together."""
    command = [sys.executable, "-c", HEADLESS, str(preset), str(seconds), directory]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measured(name: str, seconds: float, repeats: int) -> dict[str, object]:
    """The ratios of one preset."""
    ratios, rates = [], []
    with tempfile.TemporaryDirectory() as scratch:
        preset = Path(scratch, f"{name}.toml")
        preset.write_text(PRESETS[name].format(steps=FLAT_OUT))
        for repeat in range(repeats):
            # In turn first, so that a drift of the machine's speed favours neither.
            order = ["", str(Path(scratch, "recorded"))]
            if repeat % 2:
                order.reverse()
            found = {where: throughput(preset, seconds, where) for where in order}
            rates.append(found[""])
            ratios.append(found[str(Path(scratch, "recorded"))] / found[""])
        kept = sum(file.stat().st_size for file in Path(scratch).rglob("*") if file.is_file())
    return {
        "preset": name,
        "recorded / not recorded": round(statistics.median(ratios), 3),
        "lowest": round(min(ratios), 3),
        "highest": round(max(ratios), 3),
        "steps/s not recorded": round(statistics.median(rates)),
        "kB a minute": round(kept / 1000 / repeats / (seconds + 4) * 60),
    }


def main() -> None:
    """Measure, and print a JSON object a preset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=PRESETS)
    arguments = parser.parse_args()
    for name in [arguments.only] if arguments.only else PRESETS:
        print(json.dumps(measured(name, arguments.seconds, arguments.repeats)), flush=True)


if __name__ == "__main__":
    main()
