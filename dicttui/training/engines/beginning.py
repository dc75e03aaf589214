"""The engine that a run begins with, and that any other of its engines is held to."""

from dicttui.networks.protocol import DictionaryNetwork
from dicttui.networks.reference import ReferenceDictionary
from dicttui.training.engines.eager import EagerEngine
from dicttui.training.engines.engine import Engine
from dicttui.training.engines.reference import ReferenceEngine


def first_engine(network: DictionaryNetwork) -> Engine:
    """scikit-learn where it learns by itself, plain PyTorch everywhere else."""
    return ReferenceEngine() if isinstance(network, ReferenceDictionary) else EagerEngine()
