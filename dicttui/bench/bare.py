"""The bare loop: what a training script does, and nothing else.

    python -m dicttui.bench.bare PIPE PRESET THREADS

The network and the samples are those of the preset's first run. Nothing is printed, so no loss is
looked at.
"""

import sys
import time

import torch
from torch import Tensor
from torch.optim import Optimizer

from dicttui.bench.reporting import Pipe
from dicttui.networks.protocol import DictionaryNetwork
from dicttui.preset.reading import read
from dicttui.training.chunks import adapted
from dicttui.training.engines.engine import total
from dicttui.training.experiment import Experiment


def train(network: DictionaryNetwork, optimizer: Optimizer, x: Tensor, steps: int) -> None:
    """Make so many steps on x [batch, d_in]."""
    for _ in range(steps):
        optimizer.zero_grad()
        output = network(x)
        loss = total(network.loss_terms(x, output))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def loop_of(preset: str) -> tuple[DictionaryNetwork, Optimizer, Tensor]:
    """The network of a preset's first run, a plain optimizer with torch's own defaults, and the
    train samples [n, d_in].
    """
    specification = read(preset).runs[0]
    experiment = Experiment(read(preset))
    network = experiment.runs[0].trainable.network
    kind: type[Optimizer] = getattr(torch.optim, specification.optimizer)
    optimizer = kind(network.parameters(), lr=specification.lr)  # type: ignore[call-arg]
    return network, optimizer, experiment.samples.train


def main() -> None:
    """Train for ever."""
    pipe, preset, threads = Pipe(int(sys.argv[1])), sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(threads)
    network, optimizer, x = loop_of(preset)
    made, chunk = 0, 1
    while True:
        began = time.perf_counter()
        train(network, optimizer, x, chunk)
        made += chunk
        pipe.made(made)
        chunk = adapted(chunk, chunk, time.perf_counter() - began)


if __name__ == "__main__":
    main()
