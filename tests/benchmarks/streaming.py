"""Training on activations that lie on disk: memory beyond the network, and batches a second beside
samples in memory.

    python tests/benchmarks/streaming.py [--gib 4] [--atoms 256] [--batch 2048] [--directory DIR]
                                         [--shuffle buffer]

Makes a folder of made-up activations (768 features, float32, 16 shards), which is removed in the
end, and trains one epoch of it:

    the network alone    the same network on a train set of one batch: what the program takes
    in memory            the same on one shard, which is read whole
    streamed             the folder
    streamed, limited    the same, with the address space limited to that of the network alone and
                         1 GiB: it fails, and does not just grow, where that is not enough

Each in a process of its own; the files are taken out of the page cache before. Memory is looked at
every 20 ms: "anonymous" is what the process has allocated, "file" what of mapped files is in
memory, programs among them.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from dicttui.preset.reading import read
from dicttui.training.session import Session

FEATURES = 768
SHARDS = 16
LIMIT = 2**30
PRESET = """
[data]
{data}
[network]
kind = "relu"
d_sae = {atoms}
[training]
steps = {steps}
device = "cpu"
[[runs]]
optimizer = "Adam"
lr = 0.0003
"""


def make(directory: Path, size: int) -> int:
    """Write shards of so many bytes together; their rows."""
    rows = size // SHARDS // (4 * FEATURES)
    block = np.random.default_rng(0).standard_normal((min(rows, 8192), FEATURES), dtype=np.float32)
    for shard in range(SHARDS):
        path = directory / f"shard-{shard}.npy"
        out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, FEATURES))
        for begin in range(0, rows, len(block)):
            out[begin : begin + len(block)] = np.roll(block, shard + begin, axis=1)[: rows - begin]
        out.flush()
        del out
    return rows * SHARDS


def forget(directory: Path) -> None:
    """Take the files out of the page cache."""
    for path in directory.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


# -- in a process of its own -------------------------------------------------------------------


def memory() -> dict[str, int]:
    """Bytes that this process takes."""
    with open("/proc/self/status") as status:
        facts = dict(line.split(":", 1) for line in status)
    names = {"anonymous": "RssAnon", "file": "RssFile", "resident": "VmRSS", "address": "VmSize"}
    return {name: 1024 * int(facts[key].split()[0]) for name, key in names.items()}


def train(preset: str) -> None:
    """Train to the end; print peaks of memory, and how fast it went."""
    session = Session(read(preset), paced=False)
    ended, peaks = threading.Event(), memory()

    def watch() -> None:
        while not ended.wait(0.02):
            for name, value in memory().items():
                peaks[name] = max(peaks[name], value)

    watcher = threading.Thread(target=watch)
    watcher.start()
    session.start()
    began, first = None, 0
    while not session.wait(0.1):
        runs = session.latest().runs
        if began is None and runs and runs[0].step >= 3:
            began, first = time.perf_counter(), runs[0].step
    run = session.latest().runs[0] if session.latest().runs else None
    took = time.perf_counter() - (began or 0.0)
    ended.set()
    watcher.join()
    session.close()
    if run is None or run.state != "finished":
        sys.exit(f"{session.latest().detail} {run and run.state_detail}")
    print(json.dumps(peaks | {"rate": (run.step - first) / took, "loss": run.loss}))


# -- the table ---------------------------------------------------------------------------------


def measured(preset: Path, limit: int | None = None) -> dict[str, float]:
    """Train a preset in a process of its own, in so much address space."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    ended = subprocess.run(
        [sys.executable, __file__, "--train", str(preset)],
        check=False, capture_output=True, text=True, preexec_fn=limited,
    )  # fmt: skip
    if ended.returncode:
        sys.exit(f"{preset.name}: {ended.stderr}")
    return json.loads(ended.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=4.0)
    parser.add_argument("--atoms", type=int, default=256)
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--shuffle", default="buffer")
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--train", help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="leave the folder, and say where it is")
    arguments = parser.parse_args()
    if arguments.train:
        train(arguments.train)
        return
    scratch = Path(tempfile.mkdtemp(prefix="streaming-", dir=arguments.directory))
    try:
        tell(scratch, arguments)
    finally:
        if arguments.keep:
            print(scratch)
        else:
            shutil.rmtree(scratch)


def tell(scratch: Path, arguments: argparse.Namespace) -> None:
    shards = scratch / "shards"
    shards.mkdir()
    size = int(arguments.gib * 2**30)
    if shutil.disk_usage(scratch).free < size + LIMIT:
        sys.exit(f"{scratch}: too little room for {arguments.gib} GiB")
    began = time.perf_counter()
    rows = make(shards, size)
    print(f"{rows:,} rows × {FEATURES}, {arguments.gib:g} GiB, written in "
          f"{time.perf_counter() - began:.0f} s")  # fmt: skip
    steps = rows // arguments.batch
    batch = arguments.batch
    few = min(steps, 200)
    streamed = (
        f'kind = "activations"\npath = "shards"\nbatch_size = {batch}\n'
        f'shuffle = "{arguments.shuffle}"\nscaling = "expected_average_only_in"',
        steps,
    )
    ways = {
        "the network alone": (f'kind = "gaussian"\nn = {batch}\nd_in = {FEATURES}', few),
        "in memory": (f'kind = "file"\npath = "shards/shard-0.npy"\nbatch_size = {batch}', few),
        "streamed": streamed,
        "streamed, limited": streamed,
    }
    print(f"{'MiB at the peak':<18} {'anonymous':>10} {'file':>7} {'resident':>9} {'address':>9} "
          f"{'beyond':>7} {'batches/s':>10}  loss")  # fmt: skip
    alone: dict[str, float] = {}
    for name, (data, count) in ways.items():
        path = scratch / f"{name.replace(' ', '-').replace(',', '')}.toml"
        path.write_text(PRESET.format(data=data, atoms=arguments.atoms, steps=count))
        forget(shards)
        limit = int(alone["address"]) + LIMIT if name.endswith("limited") else None
        found = measured(path, limit)
        alone = alone or found
        beyond = found["resident"] - alone["resident"]
        print(f"{name:<18} {found['anonymous'] / 2**20:>10.0f} {found['file'] / 2**20:>7.0f} "
              f"{found['resident'] / 2**20:>9.0f} {found['address'] / 2**20:>9.0f} "
              f"{beyond / 2**20:>7.0f} {found['rate']:>10.1f}  {found['loss']:.6g}",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
