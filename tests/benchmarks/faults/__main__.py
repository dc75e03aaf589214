"""Judge the diagnosis by faults that were put into healthy trainings.

    python -m tests.benchmarks.faults --part held_out --out results.jsonl

Each row is one training: a fault in a setting under a seed, or a healthy one. Rows that the file
has already are not made again; `--table` prints the table of what is there.
"""

import argparse
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from .injections import ALL, HEALTHY
from .judging import Row, judge
from .split import SEEDS_OF, SETTINGS_OF, healthy_seeds
from .table import told

Key = tuple[str, str, int]


def keys_of(
    part: str, causes: list[str] | None, settings: list[str] | None, seeds: int
) -> Iterable[Key]:
    """The trainings that were asked for."""
    chosen = [name for name in SETTINGS_OF[part] if not settings or name in settings]
    for cause, setting in ALL:
        if setting in chosen and (not causes or cause in causes):
            yield from ((cause, setting, seed) for seed in SEEDS_OF[part][:seeds])
    if not causes or HEALTHY in causes:
        for setting in chosen:
            yield from ((HEALTHY, setting, seed) for seed in healthy_seeds(part, seeds))


def known(path: Path) -> dict[Key, Row]:
    """The rows of a file."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    return {(row["cause"], row["setting"], row["seed"]): row for row in rows}


def judged(keys: list[Key], jobs: int, tests: bool) -> Iterable[Row]:
    """A row for each training, as they come. Where a worker is killed, others go on with what it
    leaves; raises BrokenProcessPool where none of them comes to an end.
    """
    left = dict.fromkeys(keys)
    while left:
        before = len(left)
        try:
            with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
                futures = [pool.submit(judge, *key, tests) for key in left]
                for future in as_completed(futures):
                    row = future.result()
                    del left[row["cause"], row["setting"], row["seed"]]
                    yield row
        except BrokenProcessPool:
            if len(left) == before:
                raise


def main() -> None:
    """Diagnose what was asked for, and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.faults",
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--part", choices=list(SETTINGS_OF), default="dev")
    parser.add_argument(
        "--causes", nargs="+", choices=[*dict.fromkeys(cause for cause, _ in ALL), HEALTHY]
    )
    parser.add_argument("--settings", nargs="+")
    parser.add_argument("--seeds", type=int, default=5, help="of each fault; at most 5")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-tests", action="store_true", help="do not try remedies")
    parser.add_argument("--out", type=Path, default=Path("faults.jsonl"))
    parser.add_argument("--table", action="store_true", help="print the table alone")
    arguments = parser.parse_args()
    keys = list(keys_of(arguments.part, arguments.causes, arguments.settings, arguments.seeds))
    # Seed after seed, so that what has been made so far is of everything alike.
    first: dict[tuple[str, str], int] = {}
    for cause, setting, seed in keys:
        first.setdefault((cause, setting), seed)
    keys.sort(key=lambda key: key[2] - first[key[:2]])
    rows = known(arguments.out)
    if not arguments.table:
        missing = [key for key in keys if key not in rows]
        with arguments.out.open("a") as file:
            for count, row in enumerate(
                judged(missing, arguments.jobs, not arguments.no_tests), start=1
            ):
                rows[row["cause"], row["setting"], row["seed"]] = row
                file.write(json.dumps(row) + "\n")
                file.flush()
                print(f"\r{count}/{len(missing)}", end="", flush=True)
        print()
    for line in told([rows[key] for key in keys if key in rows]):
        print(line)


if __name__ == "__main__":
    main()
