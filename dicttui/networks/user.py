"""A person's own `nn.Module` as a dictionary network.

A preset names a callable, `factory = "package.module:callable"`; it is called with `d_in` and the
preset's `[network.arguments]`, and returns an `nn.Module` such as this one:

    import torch
    from torch import nn

    class Tied(nn.Module):
        signed_code = False         # optional, True if absent: codes may be negative
        sparse_code = True          # optional, False if absent: codes can be exactly zero

        def __init__(self, d_in, n_atoms, l1):
            super().__init__()
            self.dictionary = nn.Parameter(torch.randn(n_atoms, d_in))
            self.bias = nn.Parameter(torch.zeros(n_atoms))
            self.l1 = l1

        @property
        def atoms(self):            # optional if the dictionary is [n_atoms, d_in]
            return self.dictionary

        def forward(self, x):       # (reconstruction [batch, d_in], code [batch, n_atoms])
            code = torch.relu(x @ self.dictionary.T + self.bias)
            return code @ self.dictionary, code

        def loss_terms(self, x, output):    # named scalars whose sum is the loss
            error = (output.reconstruction - x).square().sum(1).mean()
            return {"squared_error": error, "l1_penalty": self.l1 * output.code.abs().sum(1).mean()}

    def tied(d_in, n_atoms=64, l1=0.1):
        return Tied(d_in, n_atoms, l1)

`atoms` must be a parameter or a view of one, so that constraints can write to it. Optional too:
`lambda_field(batch_size, d_in)`, `dictionary_parameters()`, `l1_coefficient`, `error_summed`, as
in dicttui.networks.protocol.DictionaryNetwork; `lambda_field` is asked once, at the start.
"""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dicttui.networks import foreign
from dicttui.networks.importing import imported
from dicttui.networks.initialisation import starting_rows
from dicttui.networks.protocol import DictionaryNetwork, NetworkError, Output
from dicttui.preset.networks import UserNetwork

TRIAL_BATCH = 3
"""Samples of the trial forward pass; unlike any width a person is likely to choose by accident."""


class UserDictionaryNetwork(DictionaryNetwork):
    """A person's module behind the protocol, with the defaults for what it does not say."""

    def __init__(self, module: nn.Module, d_in: int) -> None:
        super().__init__()
        self.module = module
        self.d_in = d_in
        self.signed_code = bool(getattr(module, "signed_code", True))
        self.sparse_code = bool(getattr(module, "sparse_code", False))
        self.error_summed = bool(getattr(module, "error_summed", False))
        coefficient = getattr(module, "l1_coefficient", None)
        if coefficient is not None and not isinstance(coefficient, (int, float)):
            raise NetworkError(
                f"its l1_coefficient is of type {type(coefficient).__name__}; "
                "a number or None is expected"
            )
        self.l1_coefficient = coefficient

    @property
    def dictionary(self) -> Tensor:
        """The module's `dictionary` [n_atoms, ·]."""
        return _tensor(self.module, "dictionary")

    @property
    def atoms(self) -> Tensor:
        """The module's `atoms` [n_atoms, d_in], or its dictionary where it has none."""
        return _tensor(self.module, "atoms" if _says(self.module, "atoms") else "dictionary")

    def forward(self, x: Tensor) -> Output:
        """Reconstruct samples x [batch, d_in]. Raises NetworkError where shapes are not these."""
        return _as_output(self.module(x), x, len(self.dictionary))

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """The module's own."""
        terms: dict[str, Tensor] = self.module.loss_terms(x, output)  # type: ignore[operator]
        return terms

    def lambda_field(self, batch_size: int, d_in: int) -> float | None:
        """The module's own, or None."""
        own: Callable[[int, int], float | None] | None = getattr(self.module, "lambda_field", None)
        return None if own is None else own(batch_size, d_in)

    def dictionary_parameters(self) -> Sequence[nn.Parameter]:
        """The module's own; else the parameter that is the dictionary, or that it is a view of."""
        own: Callable[[], Sequence[nn.Parameter]] | None
        own = getattr(self.module, "dictionary_parameters", None)
        if own is not None:
            return list(own())
        parameter = parameter_behind(self.module, self.dictionary)
        return [] if parameter is None else [parameter]

    @torch.no_grad()
    def initialise(self, scheme: str, samples: Tensor, generator: torch.Generator) -> None:
        """Start the dictionary's rows; under "data" they are samples, and the dictionary must
        live in input space. Anything tied to the rows by a copy is not touched.
        """
        if scheme == "article":
            return
        rows = self.dictionary
        if scheme == "data" and rows.shape[1] != self.d_in:
            raise NetworkError(
                f'[network] init = "data" starts atoms at samples of {self.d_in} features, and '
                f"this network's dictionary has rows of {rows.shape[1]}; use another init"
            )
        rows.copy_(starting_rows(scheme, rows, samples, generator))


def build(
    specification: UserNetwork, d_in: int, directory: Path | None = None
) -> UserDictionaryNetwork:
    """Import the factory, call it and check what it returns.

    The module is looked for in `directory` first, then where Python looks. The check is a forward
    pass and a loss on a copy of the module, in training mode and in evaluation mode, in which it
    is measured; it draws nothing from torch's global stream. Raises NetworkError, naming the
    factory and what is expected of it.
    """
    factory = imported(specification.factory, directory)
    try:
        module = factory(d_in=d_in, **specification.arguments)
    except foreign.failures() as error:
        given = ", ".join(
            [f"d_in={d_in}", *(f"{k}={v!r}" for k, v in specification.arguments.items())]
        )
        raise _refusal(
            specification, f"raised {foreign.named(error)} when called with {given}"
        ) from error
    if not isinstance(module, nn.Module):
        raise _refusal(
            specification, f"returned {type(module).__name__}; it must return a torch.nn.Module"
        )
    try:
        _check(module, d_in)
    except NetworkError as error:
        raise _refusal(specification, str(error)) from error
    return UserDictionaryNetwork(module, d_in)


def _refusal(specification: UserNetwork, problem: str) -> NetworkError:
    return NetworkError(f'[network] factory = "{specification.factory}": {problem}')


def _says(module: nn.Module, name: str) -> bool:
    # A property that raises AttributeError is there all the same.
    return hasattr(type(module), name) or hasattr(module, name)


def _tensor(module: nn.Module, name: str) -> Tensor:
    expected = "a parameter or a view of one, [n_atoms, …], is expected"
    if not _says(module, name):
        raise NetworkError(f"the module has no {name}; {expected}")
    try:
        value: object = getattr(module, name)
    except foreign.failures() as error:
        raise NetworkError(f"its {name} raised {foreign.named(error)}; {expected}") from error
    if not isinstance(value, Tensor):
        raise NetworkError(f"its {name} is of type {type(value).__name__}; {expected}")
    return value


def parameter_behind(module: nn.Module, tensor: Tensor) -> nn.Parameter | None:
    """The parameter that is the tensor or shares its storage."""
    parameters = list(module.parameters())
    for parameter in parameters:
        if parameter is tensor or parameter is tensor._base:
            return parameter
    address = tensor.untyped_storage().data_ptr()
    for parameter in parameters:
        if parameter.untyped_storage().data_ptr() == address:
            return parameter
    return None


def _check(module: nn.Module, d_in: int) -> None:
    """Try a copy of the module on a small batch. Raises NetworkError with what is wrong."""
    try:
        trial = copy.deepcopy(module)
    except foreign.failures() as error:
        raise NetworkError(
            f"the module cannot be copied ({foreign.named(error)}); tensors computed from "
            "parameters, such as `atoms`, belong in a property, not in an attribute"
        ) from error
    if not any(parameter.requires_grad for parameter in trial.parameters()):
        raise NetworkError("the module has no parameters to train")
    network = UserDictionaryNetwork(trial, d_in)
    n_atoms = _check_dictionary(network, d_in)
    x = torch.linspace(-1.0, 1.0, TRIAL_BATCH * d_in).reshape(TRIAL_BATCH, d_in)
    with torch.random.fork_rng(devices=[]):
        with torch.enable_grad():
            terms = _check_loss_terms(network, x, _check_output(trial, x, n_atoms, ""))
        if not any(term.requires_grad for term in terms.values()):
            raise NetworkError("its loss does not depend on any parameter")
        trial.eval()  # as it is when it is measured
        with torch.no_grad():
            output = _check_output(trial, x, n_atoms, " in evaluation mode")
            _check_loss_terms(network, x, output, " in evaluation mode")
    _check_lambda_field(network, x)


def _check_dictionary(network: UserDictionaryNetwork, d_in: int) -> int:
    """Check dictionary, atoms and the dictionary's group; return n_atoms."""
    dictionary = network.dictionary
    if dictionary.dim() != 2:
        raise NetworkError(f"its dictionary is {_shape(dictionary)}; [n_atoms, …] is expected")
    n_atoms = dictionary.shape[0]
    atoms = network.atoms
    if not _says(network.module, "atoms") and dictionary.shape[1] != d_in:
        raise NetworkError(
            f"its dictionary is {_shape(dictionary)}, not in input space (d_in = {d_in}); the "
            "module must say its `atoms` [n_atoms, d_in], for example decoder.weight.T"
        )
    if atoms.shape != (n_atoms, d_in):
        raise NetworkError(
            f"its atoms are {_shape(atoms)}; [n_atoms, d_in] = [{n_atoms}, {d_in}] is expected"
        )
    for name, tensor in (("dictionary", dictionary), ("atoms", atoms)):
        if parameter_behind(network.module, tensor) is None:
            raise NetworkError(
                f"its {name}, {_shape(tensor)}, is not a parameter nor a view of one, so nothing "
                "written to it would reach the network; return for example decoder.weight.T, not "
                "a copy or a product"
            )
    own = {id(parameter) for parameter in network.module.parameters()}
    try:
        group = network.dictionary_parameters()
    except foreign.failures() as error:
        raise NetworkError(f"dictionary_parameters() raised {foreign.named(error)}") from error
    if any(id(parameter) not in own for parameter in group):
        raise NetworkError("dictionary_parameters() must list parameters of the module itself")
    return n_atoms


def _check_output(trial: nn.Module, x: Tensor, n_atoms: int, mode: str) -> Output:
    batch, d_in = x.shape
    try:
        result: object = trial(x)
    except foreign.failures() as error:
        raise NetworkError(
            f"its forward raised {foreign.named(error)} on float32 samples [{batch}, {d_in}]{mode}"
        ) from error
    try:
        return _as_output(result, x, n_atoms)
    except NetworkError as error:
        raise NetworkError(f"{error}{mode}") from error


def _as_output(result: object, x: Tensor, n_atoms: int) -> Output:
    """What a forward pass on x returned, with the shapes that everything else relies on."""
    if not (isinstance(result, tuple) and len(result) == 2) or not all(
        isinstance(part, Tensor) for part in result
    ):
        raise NetworkError(
            f"its forward returned {type(result).__name__}; {_expected(x, n_atoms)} is expected"
        )
    output = Output(*result)
    if output.reconstruction.shape != x.shape or output.code.shape != (len(x), n_atoms):
        raise NetworkError(
            f"its forward returned ({_shape(output.reconstruction)}, {_shape(output.code)}); "
            f"{_expected(x, n_atoms)} is expected"
        )
    return output


def _expected(x: Tensor, n_atoms: int) -> str:
    return (
        f"(reconstruction [batch, d_in], code [batch, n_atoms]) = "
        f"({_shape(x)}, [{len(x)}, {n_atoms}])"
    )


def _check_loss_terms(
    network: UserDictionaryNetwork, x: Tensor, output: Output, mode: str = ""
) -> dict[str, Tensor]:
    expected = f"loss_terms(x, output) must return a dict of named scalar tensors{mode}"
    if not callable(getattr(network.module, "loss_terms", None)):
        raise NetworkError(f"the module has no loss_terms; {expected}")
    try:
        terms: Any = network.loss_terms(x, output)
    except foreign.failures() as error:
        raise NetworkError(f"its loss_terms raised {foreign.named(error)}{mode}") from error
    if not isinstance(terms, dict) or not terms:
        raise NetworkError(f"its loss_terms returned {type(terms).__name__}; {expected}")
    for name, term in terms.items():
        if not isinstance(name, str) or not isinstance(term, Tensor) or term.numel() != 1:
            found = _shape(term) if isinstance(term, Tensor) else type(term).__name__
            raise NetworkError(f"its loss term {name!r} is {found}; {expected}")
    return terms


def _check_lambda_field(network: UserDictionaryNetwork, x: Tensor) -> None:
    try:
        coefficient = network.lambda_field(len(x), x.shape[1])
    except foreign.failures() as error:
        raise NetworkError(f"its lambda_field raised {foreign.named(error)}") from error
    if coefficient is not None and not isinstance(coefficient, (int, float)):
        raise NetworkError("its lambda_field must return a number or None")


def _shape(tensor: Tensor) -> str:
    return f"[{', '.join(map(str, tensor.shape))}]"
