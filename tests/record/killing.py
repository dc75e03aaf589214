"""Kills trainings by SIGKILL at random moments, resumes each, and compares the end with that of one
that was never interrupted. A program of its own: torch is imported once, and every training is a
fork of a process that has not yet computed anything.

    python killing.py DIRECTORY SEED COUNT

Prints a JSON object: how many were killed where, and what differed.
"""

import importlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import torch

from dicttui.cli.application import run
from dicttui.record import files, manifest, moment_files, places, recorder
from dicttui.record.finding import everything

PRESET = """
[data]
n = 40
batch_size = 8
[network]
kind = "sparse"
[training]
steps = 60
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.1
momentum = 0.9
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "scheduled"
optimizer = "SGD"
lr = 0.1
schedule = "cosine"
warmup_steps = 20
"""
CHECKPOINT_STEPS = "7"
MOST_RESUMES = 8


def child(*arguments, way=None, chance=None):
    """Run a command in a process of its own, bound to die in a way or not; whether it died."""
    process = os.fork()
    if process == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        log = os.open(
            f"{os.environ['DICTTUI_STATE_DIR']}/child.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND
        )
        os.dup2(log, 2)
        status = 99
        try:
            if way is not None:
                way(chance)
            status = run((*arguments, "--checkpoint-every", CHECKPOINT_STEPS))
        finally:
            os._exit(status)
    _, ended = os.waitpid(process, 0)
    if os.WIFSIGNALED(ended):
        assert os.WTERMSIG(ended) == signal.SIGKILL, ended
        return True
    assert os.WEXITSTATUS(ended) == 0, (arguments, ended)
    return False


def die():
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def at_a_step(chance):
    """Dies on the trainer's thread, between two steps."""
    left = chance.randrange(1, 60)
    original = recorder.Recorder.made

    def made(self, run_name, segment, first, losses):
        nonlocal left
        original(self, run_name, segment, first, losses)
        left -= 1
        if left == 0:
            die()

    recorder.Recorder.made = made


def while_a_file_is_written(chance):
    """Dies on a writer's thread, somewhere in the writing of moments and manifests."""
    left = chance.randrange(1, 150)

    class Calls:
        """The system's functions, of which one is the last."""

        def __getattr__(self, name):
            nonlocal left
            if name in ("open", "write", "fsync", "replace", "close"):
                left -= 1
                if left == 0:
                    die()
            return getattr(os, name)

    files.os = Calls()


def while_the_database_is_written(chance):
    """Dies on the recorder's thread, with a transaction open."""
    from dicttui.record import pending, writer

    writer.BETWEEN_FLUSHES = 0.01
    left = chance.randrange(1, 12)
    original = pending._write

    def write(batch, connection):
        nonlocal left
        original(batch, connection)
        left -= 1
        if left == 0:
            die()

    pending._write = write


def at_some_time(chance):
    """Dies from outside."""
    threading.Timer(chance.uniform(0.02, 0.3), die).start()


WAYS = (at_a_step, while_a_file_is_written, while_the_database_is_written, at_some_time)


def end_of(directory):
    """All losses, and the tensors of the newest checkpoint that make up the state."""
    (recorded,) = everything(directory, broken)
    assert recorded.state == "finished", recorded.state
    losses = {r.name: recorded.losses(r.name) for r in recorded.runs()}
    steps = {name: curve.steps for name, curve in losses.items()}
    assert all(s == list(range(60)) for s in steps.values()), steps
    content = manifest.read(manifest.numbered(recorded.directory)[-1].path)
    state = {}
    for entry in content.runs:
        moment = moment_files.read(recorded.directory / places.MOMENTS / entry.moment)
        assert moment.step == 60
        for name, tensor in moment.tensors.items():
            if not name.startswith(("past.", "ghost.")):
                state[f"{entry.name}/{name}"] = tensor
    return {name: curve.losses.tobytes() for name, curve in losses.items()}, state


def broken(why):
    raise AssertionError(why)


def differences(one, other):
    losses, state = one
    again, state_again = other
    found = [f"losses of {name}" for name in losses if losses[name] != again.get(name)]
    if state.keys() != state_again.keys():
        return [*found, "the tensors' names"]
    return found + [name for name in state if not torch.equal(state[name], state_again[name])]


def resumable_id(parent):
    """The id of what can be gone on with; None if it was killed before it was anything."""
    for place in places.places(parent):
        if not (place.directory / places.DATABASE).exists():
            return None
        return place.id
    return None


def warm_up():
    """Import what a training imports; nothing is computed that would start a thread, which a fork
    would not have.
    """
    for name in ("rich.progress", "dicttui.record.resuming", "dicttui.training.trainer"):
        importlib.import_module(name)
    torch.set_num_threads(1)
    weight = torch.nn.Parameter(torch.zeros(2))
    weight.grad = torch.zeros(2)
    for optimizer in (torch.optim.SGD([weight], 0.1), torch.optim.Adam([weight], 0.1)):
        optimizer.step()


def drawn_from(chance):
    return random.Random(chance.random())


def main(directory, seed, count):
    warm_up()
    os.environ["DICTTUI_STATE_DIR"] = str(directory)
    preset = directory / "preset.toml"
    preset.write_text(PRESET)
    never = directory / "never"
    child("train", str(preset), "--record", str(never))
    expected = end_of(never)
    killed, resumed, wrong = Counter(), 0, []
    chance = random.Random(seed)
    number = 0
    while killed.total() < count:
        number += 1
        parent = directory / f"killed-{number}"
        way = chance.choice(WAYS)
        command = ("train", str(preset))
        for _ in range(MOST_RESUMES):
            dead = child(*command, "--record", str(parent), way=way, chance=drawn_from(chance))
            if not dead:
                break
            killed[way.__name__] += 1
            found = resumable_id(parent)
            if found is None:
                break
            command = ("resume", found, "--headless")
            resumed += 1
            # One in three is killed again.
            way = chance.choice(WAYS) if chance.random() < 1 / 3 else None
        if dead:
            continue
        wrong += [
            f"{number} ({way.__name__}): {what}" for what in differences(expected, end_of(parent))
        ]
    print(json.dumps({"killed": killed, "resumed": resumed, "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
