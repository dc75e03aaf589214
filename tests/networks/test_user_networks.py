"""A person's own module: the documented example, and every way to be wrong."""

import sys
import textwrap

import pytest
import torch

import dicttui.networks.user as user_module
from dicttui.networks.protocol import NetworkError
from dicttui.networks.registry import build
from dicttui.optimizers.registry import build as build_optimizers
from dicttui.preset.networks import UserNetwork
from dicttui.preset.optimizers import SGD
from dicttui.preset.runs import RunSpecification

EXAMPLE = textwrap.dedent(
    user_module.__doc__.split("such as this one:\n", 1)[1].split("`atoms` must", 1)[0]
)
"""The code of the documentation, run as it stands."""

SKELETON = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, d_in, n_atoms=6):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(n_atoms, d_in))
        {init}

    {extra}

    def forward(self, x):
        code = x @ self.dictionary.T
        return {result}

    def loss_terms(self, x, output):
        return {terms}

def make(d_in, **arguments):
    {before}
    return Net(d_in, **arguments)
"""


@pytest.fixture
def built(tmp_path):
    modules = set(sys.modules)

    def build_it(source, factory="person:make", d_in=4, **arguments):
        directory = tmp_path / str(len(list(tmp_path.iterdir())))
        directory.mkdir()
        (directory / "person.py").write_text(source)
        specification = UserNetwork(kind="user", factory=factory, arguments=arguments)
        return build(specification, d_in, directory)

    yield build_it
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def method(signature, result):
    return f"def {signature}:\n        return {result}"


def getter(name, result):
    return f"@property\n    {method(f'{name}(self)', result)}"


def skeleton(
    init="pass",
    extra="",
    result="code @ self.dictionary, code",
    terms="{'mse': (output.reconstruction - x).square().mean()}",
    before="pass",
):
    return SKELETON.format(init=init, extra=extra, result=result, terms=terms, before=before)


def test_the_documented_example_trains(built):
    torch.manual_seed(0)
    network = built(EXAMPLE, "person:tied", d_in=4, n_atoms=9, l1=0.01)
    assert network.sparse_code
    assert not network.signed_code
    assert network.dictionary.shape == network.atoms.shape == (9, 4)
    run = RunSpecification(
        name="own",
        optimizer="SGD",
        lr=0.01,
        dictionary_lr_scale=0.5,
        arguments=SGD(),
        network=UserNetwork(kind="user", factory="person:tied"),
    )
    [optimizer] = build_optimizers(run, network)
    assert [(g["name"], g["lr"], len(g["params"])) for g in optimizer.param_groups] == [
        ("dictionary", 0.005, 1),
        ("rest", 0.01, 1),
    ]
    x = torch.randn(32, 4)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        terms = network.loss_terms(x, network(x))
        assert list(terms) == ["squared_error", "l1_penalty"]
        loss = sum(terms.values())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_defaults_for_what_the_module_does_not_say(built):
    network = built(skeleton())
    assert network.signed_code
    assert not network.sparse_code
    assert network.lambda_field(8, 4) is None
    assert network.l1_coefficient is None
    assert network.bottleneck() is None
    assert network.atoms is network.dictionary
    assert [id(p) for p in network.dictionary_parameters()] == [id(network.module.dictionary)]


def test_what_the_module_says_is_taken(built):
    extra = """
    signed_code = False
    l1_coefficient = 0.2
    error_summed = True
    def lambda_field(self, batch_size, d_in):
        return 0.2 * batch_size
    def dictionary_parameters(self):
        return [self.other]
    """
    network = built(skeleton(init="self.other = nn.Parameter(torch.ones(3))", extra=extra))
    assert not network.signed_code
    assert network.error_summed
    assert network.l1_coefficient == 0.2
    assert network.lambda_field(10, 4) == 2.0
    assert [id(p) for p in network.dictionary_parameters()] == [id(network.module.other)]


DECODED = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.encoder = nn.Linear(d_in, 6)
        self.decoder = nn.Linear(6, d_in)

    @property
    def dictionary(self):
        return self.decoder.weight.T

    @property
    def atoms(self):
        return self.decoder.weight.T

    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code), code

    def loss_terms(self, x, output):
        return {"mse": (output.reconstruction - x).square().mean()}
"""


def test_a_dictionary_that_is_a_view_has_the_parameter_behind_it_as_its_group(built):
    network = built(DECODED, "person:Net")
    assert [id(p) for p in network.dictionary_parameters()] == [id(network.module.decoder.weight)]
    network.initialise("unit_norm", torch.zeros(1, 4), torch.Generator())
    torch.testing.assert_close(network.module.decoder.weight.norm(dim=0), torch.ones(6))


def test_init_data_takes_samples_where_the_dictionary_is_in_input_space(built):
    network = built(skeleton())
    samples = torch.randn(20, 4, generator=torch.Generator().manual_seed(0))
    network.initialise("data", samples, torch.Generator().manual_seed(1))
    for row in network.dictionary:
        assert (samples == row).all(dim=1).any()
    init = "self.dictionary = nn.Parameter(torch.ones(6, 7)); self.out = nn.Linear(6, d_in)"
    source = skeleton(init, getter("atoms", "self.out.weight.T"), "self.out(code), code")
    hidden = built(source.replace("x @ self.dictionary.T", "x @ self.dictionary[:, :4].T"))
    with pytest.raises(NetworkError, match=r"samples of 4 features.*rows of 7"):
        hidden.initialise("data", samples, torch.Generator())


def test_the_trial_draws_nothing_and_changes_nothing(built):
    init = "self.norm = nn.BatchNorm1d(d_in); self.drop = nn.Dropout(0.5); self.calls = [0]"
    extra = "def counted(self, code):\n        self.calls[0] += 1\n        return code"
    result = "self.drop(self.norm(code @ self.dictionary)), self.counted(code)"
    source = skeleton(init, extra, result)
    torch.manual_seed(5)
    network = built(source)
    after_build = torch.get_rng_state()
    torch.manual_seed(5)
    network.module.__class__(4)
    assert torch.equal(torch.get_rng_state(), after_build)
    assert network.module.calls == [0]
    assert network.module.norm.num_batches_tracked == 0
    assert network.module.norm.running_mean.abs().sum() == 0
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_directory_is_on_pythons_path_for_the_import_only(built, tmp_path):
    (tmp_path / "beside.py").write_text("ATOMS = 3\n")
    (tmp_path / "person.py").write_text(
        "import beside\n" + skeleton(before="arguments = {'n_atoms': beside.ATOMS}")
    )
    path = list(sys.path)
    network = build(UserNetwork(kind="user", factory="person:make"), 4, tmp_path)
    assert network.dictionary.shape == (3, 4)
    assert sys.path == path


def test_a_module_of_the_same_name_in_another_directory_is_another_module(tmp_path, built):
    for directory, atoms in (("one", 3), ("two", 5)):
        (tmp_path / directory).mkdir()
        source = skeleton().replace("n_atoms=6", f"n_atoms={atoms}")
        (tmp_path / directory / "person_twice.py").write_text(source)
        specification = UserNetwork(kind="user", factory="person_twice:make")
        assert len(build(specification, 4, tmp_path / directory).dictionary) == atoms


@pytest.mark.parametrize(
    ("factory", "source", "message"),
    [
        ("persn:make", "", "there is no module 'persn' in "),
        ("person.nets:make", "", "there is no module 'person.nets'"),
        ("person:make", "import nowhere_to_be_found", "needs the module 'nowhere_to_be_found'"),
        ("person:make", "1 / 0", "importing person raised ZeroDivisionError"),
        ("person:make", "def make(:", "importing person raised SyntaxError"),
        ("person:make", "raise SystemExit('bye')", "importing person raised SystemExit: bye"),
        ("person:make", "x = 1", "has no 'make'"),
        ("person:make", "make = 3", "make is of type int; it must be callable"),
    ],
)
def test_a_factory_that_cannot_be_had_is_refused(built, factory, source, message):
    with pytest.raises(NetworkError) as error:
        built(source, factory)
    assert message in str(error.value)
    assert f'factory = "{factory}"' in str(error.value)


WRONG = {
    "raises": (
        skeleton(before="raise ValueError('no')"),
        "raised ValueError: no when called with d_in=4",
    ),
    "no module": ("def make(d_in): return 3", "returned int; it must return a torch.nn.Module"),
    "no parameters": (
        skeleton("del self.dictionary; self.dictionary = torch.ones(6, 4)"),
        "no parameters to train",
    ),
    "no dictionary": (skeleton().replace("dictionary", "rows"), "the module has no dictionary"),
    "no tensor": (
        skeleton("self.w = self.dictionary; del self.dictionary; self.dictionary = [1]"),
        "its dictionary is of type list",
    ),
    "raising property": (
        skeleton(extra=getter("atoms", "self.nothing")),
        "its atoms raised AttributeError",
    ),
    "not a matrix": (
        skeleton("self.dictionary = nn.Parameter(torch.ones(3))"),
        "its dictionary is [3]; [n_atoms, …] is expected",
    ),
    "not in input space": (
        skeleton("self.dictionary = nn.Parameter(torch.ones(6, 7))"),
        "its dictionary is [6, 7], not in input space (d_in = 4); the module must say its `atoms`",
    ),
    "atoms of another shape": (
        skeleton(extra=getter("atoms", "self.dictionary.T")),
        "its atoms are [4, 6]; [n_atoms, d_in] = [6, 4] is expected",
    ),
    "atoms that are a product": (
        skeleton(extra=getter("atoms", "self.dictionary * 2")),
        "its atoms, [6, 4], is not a parameter nor a view of one",
    ),
    "atoms stored": (
        skeleton("self.atoms = self.dictionary.view(6, 4)"),
        "belong in a property, not in an attribute",
    ),
    "foreign group": (
        skeleton(
            extra=method("dictionary_parameters(self)", "[nn.Parameter(torch.ones(1))]"),
        ),
        "must list parameters of the module itself",
    ),
    "forward raises": (
        skeleton(result="x @ x"),
        "its forward raised RuntimeError",
    ),
    "forward raises when evaluated": (
        skeleton(result="(code @ self.dictionary, code) if self.training else x @ x"),
        "in evaluation mode",
    ),
    "one result when evaluated": (
        skeleton(result="(code @ self.dictionary, code) if self.training else code"),
        "its forward returned Tensor; (reconstruction [batch, d_in], code [batch, n_atoms]) = "
        "([3, 4], [3, 6]) is expected in evaluation mode",
    ),
    "loss terms raise when evaluated": (
        skeleton(terms="{'mse': output.code.sum() / (1 if self.training else 0 // 0)}"),
        "its loss_terms raised ZeroDivisionError: integer division or modulo by zero in evaluation",
    ),
    "too many atoms": (
        skeleton("torch.empty(10**26)"),
        'Overflow when unpacking long long\n" when called with',
    ),
    "one result": (
        skeleton(result="x"),
        "its forward returned Tensor; (reconstruction [batch, d_in], code [batch, n_atoms])",
    ),
    "swapped": (
        skeleton(result="code, code @ self.dictionary"),
        "its forward returned ([3, 6], [3, 4])",
    ),
    "no loss terms": (
        skeleton().replace("def loss_terms", "def losses"),
        "the module has no loss_terms",
    ),
    "loss terms raise": (skeleton(terms="1 / 0"), "its loss_terms raised ZeroDivisionError"),
    "no dict": (skeleton(terms="x.square().mean()"), "its loss_terms returned Tensor"),
    "empty": (skeleton(terms="{}"), "must return a dict of named scalar tensors"),
    "no scalar": (
        skeleton(terms="{'mse': output.reconstruction - x}"),
        "its loss term 'mse' is [3, 4]",
    ),
    "no tensor in loss": (skeleton(terms="{'mse': 1.0}"), "its loss term 'mse' is float"),
    "detached": (
        skeleton(terms="{'mse': output.code.detach().sum()}"),
        "does not depend on any parameter",
    ),
    "lambda raises": (
        skeleton(extra=method("lambda_field(self)", "1.0")),
        "its lambda_field raised TypeError",
    ),
    "lambda no number": (
        skeleton(extra=method("lambda_field(self, batch_size, d_in)", "'x'")),
        "its lambda_field must return a number or None",
    ),
    "coefficient no number": (
        skeleton(extra="l1_coefficient = 'much'"),
        "its l1_coefficient is of type str",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_module_that_breaks_the_protocol_is_refused(built, case):
    source, message = WRONG[case]
    with pytest.raises(NetworkError) as error:
        built(source)
    assert message in str(error.value)
    assert 'factory = "person:make"' in str(error.value)


def test_wrong_arguments_are_named(built):
    with pytest.raises(NetworkError, match=r"unexpected keyword.*d_in=4, n_atom=3"):
        built(skeleton(), n_atom=3)
