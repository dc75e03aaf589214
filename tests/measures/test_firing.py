import torch

from dicttui.measures.codes import Firing, fires
from dicttui.measures.deadness import Deadness


def steps_of(sparse_code):
    generator = torch.Generator().manual_seed(0)
    for _ in range(40):
        code = torch.randn(6, 9, generator=generator).clamp(min=1.3 if sparse_code else -9) * (
            torch.rand(9, generator=generator) < 0.4
        )
        yield code, torch.randn(9, 4, generator=generator) * 1e-3


def test_gathered_firing_is_that_of_each_step():
    for sparse_code in (True, False):
        firing, alone = Firing(0.5, sparse_code), Deadness(9)
        for step, (code, atoms) in enumerate(steps_of(sparse_code)):
            firing.add(code, atoms)
            expected = fires(code, atoms, 0.5, sparse_code).any(dim=0)
            assert torch.equal(firing.fired_any()[-1], expected)
            alone.update(expected, step)
        together = Deadness(9)
        together.update(firing.fired_any()[:13], 12)
        together.update(firing.fired_any()[13:], 39)
        assert torch.equal(together.last_fired, alone.last_fired)
        assert 0 < alone.dead_fraction(39, 2) < 1
