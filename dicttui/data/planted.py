"""Samples from a known dictionary, so that its recovery can be measured."""

from pathlib import Path

import torch
from torch import Tensor

from dicttui.data.description import describe
from dicttui.data.memory import require_memory
from dicttui.data.samples import Samples, prepare
from dicttui.data.scaling import unit_rows
from dicttui.data.seeds import generator
from dicttui.preset.data import PlantedData, held_out_samples

CHUNK_ROWS = 4096
"""Samples whose codes are held at a time. Another number gives other samples."""


class Planted:
    """x = code · atoms + noise.

    The atoms [n_atoms, d_in] are independent directions, uniform on the unit sphere. In a sample
    each atom takes part independently with probability mean_l0 / n_atoms, with an amplitude from
    U[amplitude_min, amplitude_max] or an exponential distribution of mean amplitude_mean. The noise
    is normal, of standard deviation `noise` on each feature.

    With `parents`, atom j from there on is the child of parent j mod parents and takes part only
    where that does: parents with probability mean_l0 / (2 · parents), and given that, its children
    each with probability parents / children, so that on average half of a sample's atoms are
    parents.

    Atoms, train samples, held-out samples and each fresh step have generators of their own; torch's
    global stream is not touched.
    """

    def __init__(self, specification: PlantedData, seed: int, _directory: Path) -> None:
        self._specification = specification
        self._seed = seed
        self._held_out = held_out_samples(specification.held_out, specification.n)
        n, self.d_in, n_atoms = specification.n, specification.d_in, specification.n_atoms
        require_memory(4 * (n + self._held_out) * self.d_in, "data.n × data.d_in")
        require_memory(4 * n_atoms * self.d_in, "data.n_atoms × data.d_in")
        size = f"{self.d_in}-d" if specification.fresh else f"{n} × {self.d_in}"
        kin = f", {specification.parents} of them parents" if specification.parents else ""
        self.description = describe(
            f"planted {size}, {n_atoms} atoms{kin}",
            specification,
            n,
            self._held_out,
            fresh=specification.fresh,
        )

    def draw(self) -> Samples:
        """The samples, with the true atoms."""
        spec = self._specification
        stream = generator(self._seed, "planted", "atoms")
        atoms = unit_rows(torch.randn(spec.n_atoms, self.d_in, generator=stream))

        def mix(count: int, *purpose: str | int) -> Tensor:
            return self._mix(atoms, count, generator(self._seed, "planted", *purpose))

        return prepare(
            mix(spec.n, "train"),
            mix(self._held_out, "held out") if self._held_out else None,
            spec,
            self._seed,
            true_atoms=atoms,
            fresh=(lambda step: mix(spec.batch_size, "step", step)) if spec.fresh else None,
        )

    def _mix(self, atoms: Tensor, count: int, stream: torch.Generator) -> Tensor:
        """`count` samples [count, d_in] of these atoms, drawn from one stream."""
        x = torch.empty(count, self.d_in)
        for start in range(0, count, CHUNK_ROWS):
            rows = min(CHUNK_ROWS, count - start)
            noise = torch.randn(rows, self.d_in, generator=stream)
            code = self._draw_code(rows, stream)
            x[start : start + rows] = torch.addmm(noise * self._specification.noise, code, atoms)
        return x

    def _draw_code(self, rows: int, stream: torch.Generator) -> Tensor:
        """Sparse non-negative codes [rows, n_atoms]."""
        spec = self._specification
        shape = (rows, spec.n_atoms)
        active = self._active(torch.rand(shape, generator=stream))
        amplitudes = torch.empty(int(active.count_nonzero()))
        if spec.amplitudes == "exponential":
            amplitudes.exponential_(1 / spec.amplitude_mean, generator=stream)
        else:
            amplitudes.uniform_(spec.amplitude_min, spec.amplitude_max, generator=stream)
        return torch.zeros(shape).masked_scatter_(active, amplitudes)

    def _active(self, chance: Tensor) -> Tensor:
        """Which atoms take part, bool [rows, n_atoms], by uniform numbers of that shape."""
        spec = self._specification
        parents, children = spec.parents, spec.n_atoms - spec.parents
        if parents == 0:
            return chance < spec.mean_l0 / spec.n_atoms
        present = chance[:, :parents] < spec.mean_l0 / (2 * parents)
        of_parent = present[:, torch.arange(children) % parents]
        return torch.cat((present, of_parent & (chance[:, parents:] < parents / children)), dim=1)
