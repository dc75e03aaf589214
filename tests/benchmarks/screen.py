"""What the screen costs: throughput with the app ÷ headless, bytes, key latency, first paint.

    python tests/benchmarks/screen.py [--seconds 8] [--repeats 3] [--only article]

Ratios are medians of repeats that alternate between headless and app in one call; nothing else
should run on the machine. Needs the test extra (pyte).
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from terminal import Terminal, dicttui

FLAT_OUT = 1_000_000_000
PRESETS = {
    "article": """
[network]
kind = "sparse"
[training]
steps = {steps}
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.001
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.001
""",
    "patches": """
[data]
kind = "patches"
n = 20000
whiten = true
held_out = 0.1
batch_size = 256
[network]
kind = "relu"
dict_size = 256
l1_coefficient = 0.5
[training]
steps = {steps}
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.001
constraint = "unit_norm"
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.03
constraint = "unit_norm"
""",
}

HEADLESS = """
import sys, time
from dicttui.preset.reading import read
from dicttui.training.session import Session
session = Session(read(sys.argv[1]), paced=False)
session.start()
def steps():
    seen = session.latest().sequence
    while session.latest().sequence == seen or not session.latest().runs:
        time.sleep(0.01)
    return session.latest().runs[0].step, time.perf_counter()
while not session.latest().runs or session.latest().runs[0].step < 50:
    time.sleep(0.1)
time.sleep(4)
first, began = steps()
time.sleep(float(sys.argv[2]))
last, ended = steps()
print((last - first) / (ended - began))
session.close()
"""


def headless(preset: Path, seconds: float) -> float:
    """Steps per second without the app."""
    command = [sys.executable, "-c", HEADLESS, str(preset), str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def started(preset: Path) -> Terminal:
    """The app, training for some seconds."""
    terminal = Terminal(dicttui(str(preset)))
    if not terminal.pump(60, lambda: bool(terminal.steps) and min(terminal.steps) > 50):
        raise SystemExit("the app did not begin to train:\n" + "\n".join(terminal.screen.display))
    terminal.pump(4)
    return terminal


def with_app(preset: Path, seconds: float) -> dict[str, float]:
    """Steps per second with the app on the screen, and the bytes it writes."""
    terminal = started(preset)

    def next_step() -> tuple[int, float]:
        seen = terminal.steps[0]
        terminal.pump(10, lambda: bool(terminal.steps) and terminal.steps[0] != seen)
        return terminal.steps[0], terminal_time()

    from time import perf_counter as terminal_time

    first, began = next_step()
    received = terminal.received
    terminal.pump(seconds)
    last, ended = next_step()
    rate = (last - first) / (ended - began)
    kilobytes = (terminal.received - received) / 1000 / (ended - began)
    terminal.type(" ")
    terminal.pump(3)
    received = terminal.received
    terminal.pump(3)
    paused = (terminal.received - received) / 1000 / 3
    terminal.close()
    return {"steps_per_second": rate, "kB_per_second": kilobytes, "kB_per_second_paused": paused}


ANSWERS = (
    ("help opens", "?", b"Keys and screens"),
    ("help closes", "?", b"full speed"),
    ("y linear", "y", b" over steps"),
    ("y logarithmic", "y", b"(log)"),
    ("lr doubled, applied", "+", b"0.002"),
    ("lr halved, applied", "-", b"0.001"),
    ("rows open", "r", b"Rows of"),
    ("rows close", "r", b"full speed"),
)
"""What is pressed, and what is written once the screen has changed."""
PAINTED = {"dicttui": (), "dicttui with options": ("article-sparse", "--refresh", "4")}
"""How the program is called, and with what arguments."""


def key_latency(preset: Path, presses: int) -> dict[str, dict[str, float]]:
    """Milliseconds from a key to the changed screen, while two runs train flat out."""
    terminal = started(preset)
    chance = random.Random(0)
    taken: dict[str, list[float]] = {name: [] for name, _, _ in ANSWERS}
    for _ in range(presses):
        for name, keys, mark in ANSWERS:
            terminal.pump(0.1 + 0.3 * chance.random())
            taken[name].append(1000 * terminal.seconds_until(keys, mark))
    terminal.close()
    every = [t for times in taken.values() for t in times]
    return {name: percentiles(times) for name, times in (*taken.items(), ("all keys", every))}


def percentiles(times: list[float]) -> dict[str, float]:
    """p50 and p99."""
    ordered = sorted(times)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p99": round(ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))], 1),
    }


def first_paint(*arguments: str) -> float:
    """Seconds from start until the program has written its first picture; that it is drawn takes
    pyte longer than it takes a terminal.
    """
    from time import perf_counter

    terminal = Terminal(dicttui(*arguments))
    terminal.seconds_until("", b"loading")
    taken = perf_counter() - terminal.began
    terminal.close()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--only", choices=[*PRESETS, "keys", "paint"])
    arguments = parser.parse_args()
    wanted = [arguments.only] if arguments.only else [*PRESETS, "keys", "paint"]
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as directory:
        paths = {name: Path(directory) / f"{name}.toml" for name in PRESETS}
        for name, path in paths.items():
            path.write_text(PRESETS[name].format(steps=FLAT_OUT))
        for name in (n for n in PRESETS if n in wanted):
            bare, app = [], []
            for _ in range(arguments.repeats):
                bare.append(headless(paths[name], arguments.seconds))
                app.append(with_app(paths[name], arguments.seconds))
            ratios = [a["steps_per_second"] / b for a, b in zip(app, bare, strict=True)]
            results[name] = {
                "headless_steps_per_second": statistics.median(bare),
                "app_over_headless": statistics.median(ratios),
                "app_over_headless_each": ratios,
                "kB_per_second": statistics.median(a["kB_per_second"] for a in app),
                "kB_per_second_paused": statistics.median(a["kB_per_second_paused"] for a in app),
            }
        if "keys" in wanted:
            results["key_milliseconds"] = key_latency(paths["article"], arguments.presses)
        if "paint" in wanted:
            for name, arguments in PAINTED.items():
                taken = statistics.median(first_paint(*arguments) for _ in range(7))
                results[f"first_paint_seconds, {name}"] = round(taken, 3)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
