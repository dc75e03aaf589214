"""A person's model, and the functions that say what in it is a code and a dictionary, as a
dictionary network; and what of that cannot be had.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from dicttui.networks import foreign
from dicttui.networks.protocol import DictionaryNetwork, NetworkError, Output
from dicttui.networks.user import parameter_behind

Forward = Callable[[Tensor], Any]
"""Samples [batch, …] → (reconstruction, shaped as they are; code [batch, n_atoms])."""
Rows = Callable[[], Tensor]
"""→ [n_atoms, ·]"""
Loss = Callable[[Tensor], Any]
"""Samples [batch, …] → named scalars whose sum is the loss, or the loss."""
TRIED = 16
"""Samples on which functions are tried at the start."""


@dataclass(frozen=True, slots=True)
class Functions:
    """What a person gave beside the model."""

    forward: Forward | None = None
    dictionary: Rows | None = None
    atoms: Rows | None = None
    loss: Loss | None = None


@dataclass(slots=True)
class Parts:
    """What of a network can be had."""

    reconstruction: bool = False
    code: bool = False
    dictionary: bool = False
    atoms: bool = False
    loss: bool = False
    n_atoms: int = 0
    """0: not known."""
    missing: dict[str, str] = field(default_factory=dict)
    """What cannot be had, and why: `code: …`."""

    @property
    def every(self) -> bool:
        """Whether nothing but the loss function is missing at most."""
        return self.reconstruction and self.code and self.dictionary and self.atoms


class WatchedNetwork(DictionaryNetwork):
    """A person's model behind the protocol. What was not given raises a NetworkError that says so.

    Args:
        model: that is trained; its own forward pass is the default of `functions.forward`.
        functions: what was given beside it.
        shape: of one sample, as the functions expect it; here samples are rows [batch, d_in].
        dtype: of samples, as the functions expect them.

    """

    def __init__(
        self,
        model: nn.Module,
        functions: Functions,
        shape: Sequence[int],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.module = model
        self.functions = functions
        self.shape, self.dtype = tuple(shape), dtype
        self.signed_code, self.sparse_code = True, False
        self.parts = Parts()

    @property
    def dictionary(self) -> Tensor:
        """[n_atoms, ·], as `dictionary=` gives it."""
        return _rows(self.functions.dictionary, "dictionary")

    @property
    def atoms(self) -> Tensor:
        """[n_atoms, d_in], as `atoms=` gives it; else the dictionary, which lives in input space
        then.
        """
        if self.functions.atoms is None:
            return self.dictionary
        return _rows(self.functions.atoms, "atoms")

    def forward(self, x: Tensor) -> Output:
        """Reconstruct samples x [batch, d_in]."""
        reconstruction, code = self.reconstructed(x)
        if code is None:
            raise NetworkError("no code is known; allowed: forward= returns it with the rest")
        return Output(reconstruction, code)

    def reconstructed(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """The reconstruction [batch, d_in] of samples x [batch, d_in] and, where it is known, their
        code [batch, n_atoms], both float32.
        """
        shaped = self._shaped(x)
        forward = self.functions.forward or self.module
        return _reconstructed(forward(shaped), shaped)

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """What `loss=` gives for samples x [batch, d_in], by a forward pass of its own."""
        del output
        return self.terms(x)

    def terms(self, x: Tensor) -> dict[str, Tensor]:
        """The same, without an output; none where no loss function was given."""
        if self.functions.loss is None:
            return {}
        return _terms(self.functions.loss(self._shaped(x)))

    def dictionary_parameters(self) -> Sequence[nn.Parameter]:
        """The parameter that is the dictionary, or that it is a view of; else none."""
        if not self.parts.dictionary:
            return []
        parameter = parameter_behind(self.module, self.dictionary)
        return [] if parameter is None else [parameter]

    def initialise(self, scheme: str, samples: Tensor, generator: torch.Generator) -> None:
        """Raises NetworkError: a watched model starts as its own program makes it."""
        del scheme, samples, generator
        raise NetworkError("the model is started by its own program")

    def _shaped(self, x: Tensor) -> Tensor:
        return x.to(self.dtype).reshape(len(x), *self.shape)


# -- finding out what there is -------------------------------------------------------------------


@torch.no_grad()
def find_parts(network: WatchedNetwork, x: Tensor | None) -> Parts:
    """Try every function on the first samples of x [n, d_in], on the model's device; what works is
    known from then on.

    A function that was given and does not work is an error; one that was not given is missing.

    Raises:
        ValueError: what a function returned, or raised, and what is expected.

    """
    given, parts = network.functions, Parts()
    network.parts = parts
    _find_rows(network, parts, None if x is None else x.shape[1])
    if x is None:
        parts.missing["reconstruction, code"] = "no samples were given; allowed: x=…"
    else:
        _find_output(network, parts, x[:TRIED])
    if given.loss is None:
        parts.missing["loss terms"] = "no loss function was given; allowed: loss=…"
    elif x is None:
        parts.missing["loss terms"] = "no samples were given; allowed: x=…"
    else:
        with _told("loss"):
            network.terms(x[:TRIED])
        parts.loss = True
    if parts.code and not parts.atoms and not network.sparse_code:
        parts.missing["l0, dead atoms"] = (
            "codes are never exactly zero, so whether an atom fires depends on its norm in input "
            "space; allowed: atoms=…"
        )
    return parts


def _find_rows(network: WatchedNetwork, parts: Parts, d_in: int | None) -> None:
    given = network.functions
    if given.dictionary is None:
        if given.atoms is not None:
            raise ValueError(
                "watch: atoms= without dictionary=; allowed: dictionary= alone, or both"
            )
        parts.missing["dictionary"] = "no dictionary was given; allowed: dictionary=…"
        return
    with _told("dictionary"):
        parts.n_atoms, width = network.dictionary.shape
    parts.dictionary = True
    if given.atoms is not None:
        with _told("atoms"):
            shape = tuple(network.atoms.shape)
        if shape[0] != parts.n_atoms or d_in not in (None, shape[1]):
            raise ValueError(
                f"watch: atoms= gave {list(shape)}; expected: [n_atoms, d_in], here "
                f"[{parts.n_atoms}, {'…' if d_in is None else d_in}]"
            )
        parts.atoms = True
    elif d_in in (None, width):
        parts.atoms = True
    else:
        parts.missing["atoms"] = (
            f"the dictionary's rows have {width} numbers and samples have {d_in}, so what an atom "
            "is in input space is not known; allowed: atoms=…"
        )


def _find_output(network: WatchedNetwork, parts: Parts, x: Tensor) -> None:
    try:
        with _told("forward"):
            reconstruction, code = network.reconstructed(x)
            if reconstruction.shape != x.shape:
                raise NetworkError(
                    f"its reconstruction has {reconstruction.shape[1]} features a sample; "
                    f"{x.shape[1]} are expected"
                )
            if code is not None and parts.n_atoms and code.shape[1] != parts.n_atoms:
                raise NetworkError(
                    f"its code has {code.shape[1]} numbers a sample, and the dictionary has "
                    f"{parts.n_atoms} rows"
                )
    except ValueError as error:
        if network.functions.forward is not None:
            raise
        why = str(error).removeprefix("watch: forward=: ")
        parts.missing["reconstruction, code"] = (
            f"calling the model: {why}; allowed: forward=…, which returns (reconstruction, code)"
        )
        return
    parts.reconstruction = True
    if code is None:
        parts.missing["code"] = "only a reconstruction was returned; allowed: forward= returns both"
        return
    parts.code = True
    parts.n_atoms = code.shape[1]
    network.sparse_code = bool((code == 0).any())
    network.signed_code = bool((code < 0).any())


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What a person's function raises becomes a ValueError that names it."""
    try:
        yield
    except NetworkError as error:
        raise ValueError(f"watch: {name}=: {error}") from error
    except foreign.failures() as error:
        raise ValueError(f"watch: {name}=: raised {foreign.named(error)}") from error


# -- what the functions return -------------------------------------------------------------------


def _rows(give: Rows | None, name: str) -> Tensor:
    if give is None:
        raise NetworkError(f"no {name} was given; allowed: {name}=…")
    try:
        rows = give()
    except AttributeError as error:  # which a module takes for an attribute of its own
        raise NetworkError(f"raised {foreign.named(error)}") from error
    if not isinstance(rows, Tensor) or rows.ndim != 2 or not rows.is_floating_point():
        raise NetworkError(f"gave {_described(rows)}; expected: a float tensor [n_atoms, …]")
    return rows


def _reconstructed(output: Any, x: Tensor) -> tuple[Tensor, Tensor | None]:
    """(reconstruction [batch, d_in], code [batch, n_atoms] or None), float32."""
    code: Any = None
    reconstruction = output
    if isinstance(output, Sequence) and len(output) >= 2:
        reconstruction, code = output[0], output[1]
    if not isinstance(reconstruction, Tensor) or len(reconstruction) != len(x):
        raise NetworkError(
            f"gave {_described(output)}; expected: (reconstruction {list(x.shape)}, "
            f"code [{len(x)}, n_atoms])"
        )
    if code is not None and not (
        isinstance(code, Tensor) and code.ndim == 2 and len(code) == len(x)
    ):
        raise NetworkError(f"gave {_described(code)} as code; expected: [{len(x)}, n_atoms]")
    flat = reconstruction.reshape(len(x), -1).float()
    return flat, None if code is None else code.float()


def _terms(given: Any) -> dict[str, Tensor]:
    terms = dict(given) if isinstance(given, Mapping) else {"loss": given}
    for name, term in terms.items():
        if not isinstance(term, Tensor) or term.numel() != 1:
            raise NetworkError(
                f"gave {_described(term)} as {name!r}; expected: a tensor of one number, or a "
                "dict of such, whose sum is the loss"
            )
    if not terms:
        raise NetworkError("gave no term; expected: at least one")
    return {str(name): term.reshape(()) for name, term in terms.items()}


def _described(thing: Any) -> str:
    if isinstance(thing, Tensor):
        return f"a {str(thing.dtype).removeprefix('torch.')} tensor {list(thing.shape)}"
    if isinstance(thing, tuple | list):
        return f"({', '.join(_described(part) for part in thing[:3])})"
    return f"a {type(thing).__name__}"
