"""Presets that train without end, and one on a network that may misbehave."""

from pathlib import Path

ENDLESS = """
title = "without end"
[network]
kind = "simple"
[training]
steps = 1000000000
steps_per_second = 200
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
"""
OF_A_PERSON = """
[network]
kind = "user"
factory = "mine:Mine"
[training]
steps = 1000000000
steps_per_second = 100
[[runs]]
name = "only"
optimizer = "SGD"
lr = 0.001
"""
NETWORK = """
import sys, warnings
import torch
from torch import nn

class Mine(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.calls = 0
    def forward(self, x):
        self.calls += 1
        {in_forward}
        code = x @ self.dictionary.T
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        return {{"error": (output[0] - x).square().mean()}}
"""


def a_persons_own(directory: Path, in_forward: str) -> Path:
    (directory / "mine.py").write_text(NETWORK.format(in_forward=in_forward))
    path = directory / "mine.toml"
    path.write_text(OF_A_PERSON)
    return path
