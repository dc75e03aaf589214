"""The families of sparse autoencoders, each against its formulas written out sample by sample."""

import math

import pytest
import torch
from sklearn.decomposition import sparse_encode

from dicttui.networks import averaging
from dicttui.networks.initialisation import geometric_median
from dicttui.networks.registry import build
from dicttui.preset.networks import (
    BatchTopKNetwork,
    GatedNetwork,
    JumpReluNetwork,
    ListaNetwork,
    MatryoshkaNetwork,
    ReluNetwork,
    TopKNetwork,
)

D_IN, D_SAE, BATCH = 4, 6, 9
FAMILIES = [
    ReluNetwork(kind="relu", dict_size=D_SAE),
    TopKNetwork(kind="topk", dict_size=D_SAE, k=2),
    BatchTopKNetwork(kind="batch_topk", dict_size=D_SAE, k=2),
    MatryoshkaNetwork(kind="matryoshka", dict_size=D_SAE, k=2, widths=(2, 4)),
    JumpReluNetwork(kind="jump_relu", dict_size=D_SAE, init_threshold=0.2),
    GatedNetwork(kind="gated", dict_size=D_SAE),
    ListaNetwork(kind="lista", dict_size=D_SAE),
    ListaNetwork(kind="lista", dict_size=D_SAE, tied=False),
]


def with_noise(specification, seed=0):
    """A network whose parameters are none of them zero."""
    torch.manual_seed(seed)
    network = build(specification, D_IN)
    network.initialise("unit_norm", samples(), torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return network


def changed(specification, **keys):
    return type(specification)(**(specification.model_dump() | keys))


def samples(n=BATCH):
    return torch.randn(n, D_IN, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def by_hand(network, x):
    """Pre-activations of each sample as lists."""
    return [
        [float((s - network.b_dec) @ network.W_enc[:, j] + network.b_enc[j]) for j in range(D_SAE)]
        for s in x
    ]


@torch.no_grad()
def squared(x, other):
    return sum(float(((a - b) ** 2).sum()) for a, b in zip(x, other, strict=True)) / len(x)


@pytest.mark.parametrize("specification", FAMILIES, ids=lambda s: s.kind)
def test_a_loss_is_the_sum_of_named_finite_terms_and_trains_every_parameter(specification):
    network = with_noise(changed(specification, auxk_alpha=0.5))
    network.since_fired.fill_(1000)
    output = network(samples())
    assert output.reconstruction.shape == (BATCH, D_IN)
    assert output.code.shape == (BATCH, D_SAE)
    terms = network.loss_terms(samples(), output)
    assert {"squared_error", "auxiliary_error"} <= terms.keys()
    sum(terms.values()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
    assert len(tuple(output)) == 2  # a person's loss may take it apart


def test_topk_keeps_the_k_largest_of_each_sample_that_are_positive():
    network, x = with_noise(TopKNetwork(kind="topk", dict_size=D_SAE, k=4)), samples()
    code = network(x).code.tolist()
    for pre, found in zip(by_hand(network, x), code, strict=True):
        kept = sorted(range(D_SAE), key=lambda j: -pre[j])[:4]
        expected = [max(pre[j], 0.0) if j in kept else 0.0 for j in range(D_SAE)]
        assert found == pytest.approx(expected, abs=1e-5)


def test_batch_topk_keeps_the_largest_of_the_batch_and_judges_by_a_running_threshold():
    network, x = with_noise(FAMILIES[2]), samples()
    pre = by_hand(network, x)
    largest = sorted((max(p, 0.0) for row in pre for p in row), reverse=True)[: 2 * BATCH]
    code = network(x).code
    kept = sorted(code[code > 0].tolist(), reverse=True)
    assert kept == pytest.approx(largest, abs=1e-5)
    network.follow(code)
    assert network.threshold.item() == pytest.approx(largest[-1], abs=1e-6)
    network.follow(code * 3)
    assert network.threshold.item() == pytest.approx(2 * largest[-1], abs=1e-5)  # of two, the mean
    network.follow(torch.zeros_like(code))
    assert network.threshold.item() == pytest.approx(2 * largest[-1], abs=1e-5)
    network.eval()
    one_by_one = torch.cat([network(sample[None]).code for sample in x])
    torch.testing.assert_close(network(x).code, one_by_one)
    expected = [[p if p > network.threshold else 0.0 for p in row] for row in pre]
    torch.testing.assert_close(one_by_one, torch.tensor(expected))


def test_matryoshkas_beginnings_reconstruct_alone():
    network, x = with_noise(FAMILIES[3]), samples()
    output = network(x)
    terms = network.loss_terms(x, output)
    assert list(terms) == ["squared_error", "squared_error_2", "squared_error_4"]
    for width in (2, 4):
        alone = output.code[:, :width] @ network.W_dec[:width] + network.b_dec
        assert terms[f"squared_error_{width}"].item() == pytest.approx(squared(x, alone), rel=1e-5)


@pytest.mark.parametrize("loss", ["step", "tanh"])
def test_jump_relus_gradients_are_the_papers(loss):
    specification = changed(
        FAMILIES[4], bandwidth=0.7, l0_coefficient=0.3, sparsity_loss=loss, tanh_scale=2.0
    )
    network, x = with_noise(specification), samples()
    pre = network(x).hidden_pre.detach()
    threshold = network.log_threshold.detach().exp()
    output = network(x)
    assert torch.equal(output.code, torch.where(pre > threshold, pre, 0.0))
    terms = network.loss_terms(x, output)
    lengths = network.W_dec.detach().norm(dim=1)
    fires = float((pre > threshold).sum()) / BATCH
    smooth = float(torch.tanh(2.0 * output.code.detach() * lengths).sum()) / BATCH
    count = fires if loss == "step" else smooth
    assert terms["l0_penalty"].item() == pytest.approx(0.3 * count, rel=1e-5)
    # The gradient of θ: through the code, and for "step" through the count.
    total = sum(terms.values())
    (of_code,) = torch.autograd.grad(total, output.code, retain_graph=True)
    (found,) = torch.autograd.grad(total, network.log_threshold)
    expected = []
    for j in range(D_SAE):
        slope = 0.0
        for i in range(BATCH):
            if abs(pre[i, j] - threshold[j]) < 0.7 / 2:
                slope -= float(threshold[j]) / 0.7 * float(of_code[i, j])
                slope -= 0.3 / BATCH / 0.7 if loss == "step" else 0.0
        expected.append(slope * float(threshold[j]))  # θ = exp(log_threshold)
    assert found.tolist() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_jump_relus_dead_atoms_are_pulled_up():
    network = with_noise(changed(FAMILIES[4], pre_act_loss_coefficient=0.5))
    network.since_fired[2] = 1000
    output = network(samples())
    below = torch.relu(network.log_threshold.exp()[2] - output.hidden_pre[:, 2])
    expected = 0.5 * float(below.mean()) * float(network.W_dec[2].norm())
    found = network.loss_terms(samples(), output)["pre_act_penalty"].item()
    assert found == pytest.approx(expected, rel=1e-5)
    assert expected > 0


def test_gated_by_hand_and_its_auxiliary_error_leaves_the_decoder_alone():
    network, x = with_noise(changed(FAMILIES[5], l1_coefficient=0.7)), samples()
    output = network(x)
    inner = (x - network.b_dec) @ network.W_enc
    gate = inner + network.b_gate
    magnitude = inner * network.r_mag.exp() + network.b_mag
    code = torch.where(gate > 0, magnitude.clamp(min=0), 0.0)
    torch.testing.assert_close(output.code, code)
    terms = network.loss_terms(x, output)
    assert terms["l1_penalty"].item() == pytest.approx(
        0.7 * float(gate.clamp(min=0).sum()) / BATCH, rel=1e-5
    )
    by_gate = gate.clamp(min=0) @ network.W_dec + network.b_dec
    assert terms["gate_error"].item() == pytest.approx(squared(x, by_gate), rel=1e-5)
    terms["gate_error"].backward()
    assert network.W_dec.grad is None


def test_lista_infers_what_scikit_learns_lasso_finds():
    specification = ListaNetwork(kind="lista", dict_size=D_SAE, iterations=999, l1_coefficient=0.4)
    network, x = with_noise(specification), samples()
    code = network(x).code.detach()
    # scikit-learn's objective is ½‖x − zD‖² + α‖z‖₁.
    expected = sparse_encode(
        (x - network.b_dec).detach().double().numpy(), network.W_dec.detach().double().numpy(),
        algorithm="lasso_cd", alpha=0.2, max_iter=10_000,
    )  # fmt: skip
    torch.testing.assert_close(code, torch.tensor(expected).float(), rtol=0.0, atol=5e-3)
    assert (code < 0).any()
    assert (code == 0).any()


def test_lista_with_learned_matrices_starts_where_the_tied_one_is():
    tied, free = (build(FAMILIES[i], D_IN) for i in (6, 7))
    for network in (tied, free):
        with torch.no_grad():
            network.W_dec.copy_(torch.randn(D_SAE, D_IN, generator=torch.manual_seed(3)))
        network.initialise("unit_norm", samples(), torch.Generator().manual_seed(0))
    torch.testing.assert_close(free(samples()).code, tied(samples()).code)
    positive = changed(FAMILIES[6], positive_code=True)
    assert not (build(positive, D_IN)(samples()).code < 0).any()


def test_the_auxiliary_loss_gives_the_residual_to_the_dead():
    network = with_noise(TopKNetwork(kind="topk", dict_size=D_SAE, k=2, auxk_alpha=0.5, k_aux=4))
    x = samples()
    output = network(x)
    assert network.loss_terms(x, output)["auxiliary_error"].item() == 0.0
    network.since_fired[[1, 3, 4]] = 1000
    residual = x - output.reconstruction
    dead = torch.zeros(BATCH, D_SAE)
    dead[:, [1, 3, 4]] = output.hidden_pre[:, [1, 3, 4]]  # fewer than k_aux: all of them
    expected = 0.5 * (3 / 4) * squared(residual, dead @ network.W_dec)
    term = network.loss_terms(x, output)["auxiliary_error"]
    assert term.item() == pytest.approx(expected, rel=1e-5)
    term.backward()
    alive = [0, 2, 5]
    assert network.W_dec.grad[alive].abs().sum() == 0
    assert network.W_dec.grad[[1, 3, 4]].abs().sum() > 0


def test_atoms_count_as_dead_by_the_window():
    network = with_noise(changed(FAMILIES[0], auxk_alpha=0.5))
    network.dead_feature_window = 3
    code = torch.tensor([[1.0, 0, 0, 0, 0, 0]])
    for _ in range(3):
        assert not network.dead.any()
        network.follow(code)
    assert network.dead.tolist() == [False] + [True] * 5


def test_a_penalty_weighted_by_norms_gains_nothing_by_trading_scale():
    losses = []
    for weighted in (False, True):
        network = with_noise(changed(FAMILIES[0], scale_sparsity_penalty_by_decoder_norm=weighted))
        x = samples()
        before = sum(network.loss_terms(x, network(x)).values()).item()
        with torch.no_grad():
            network.W_dec.mul_(4)
            network.W_enc.div_(4)
            network.b_enc.div_(4)
        losses.append(sum(network.loss_terms(x, network(x)).values()).item() / before)
    assert losses[0] < 0.95
    assert losses[1] == pytest.approx(1.0, rel=1e-5)


def test_a_penalty_is_warmed_up():
    network, x = with_noise(changed(FAMILIES[0], l1_warm_up_steps=4)), samples()
    full = 0.3 * float(network(x).code.sum()) / BATCH
    for share in (1 / 4, 2 / 4, 3 / 4, 1.0, 1.0):
        output = network(x)
        term = network.loss_terms(x, output)["l1_penalty"].item()
        assert term == pytest.approx(share * full, rel=1e-5)
        network.follow(output.code)


def test_biases_start_at_a_centre_and_the_encoder_by_a_draw_of_its_own():
    x = samples(200) + 3
    x[0] = 1e4
    median = geometric_median(x)
    assert (median - 3).abs().max() < 0.5
    assert (x.mean(dim=0) - 3).abs().max() > 10
    specification = changed(FAMILIES[0], b_dec_init="geometric_median", encoder_init="independent")
    network = build(specification, D_IN)
    network.initialise("unit_norm", x, torch.Generator().manual_seed(0))
    assert torch.equal(network.b_dec, median)
    assert not torch.allclose(network.W_enc, network.W_dec.T)
    assert network.W_enc.abs().max() <= math.sqrt(6 / D_IN)


def test_the_mean_of_weights_forgets_the_first_and_is_what_the_network_is_judged_by():
    network = with_noise(FAMILIES[0])
    averaging.start(network, 0.5)
    mean = network.W_dec.detach().clone()
    for step in range(1, 4):
        with torch.no_grad():
            network.W_dec.add_(1.0)
        averaging.follow(network)
        decay = min(0.5, (1 + step) / (10 + step))
        mean = decay * mean + (1 - decay) * network.W_dec.detach()
    torch.testing.assert_close(averaging.means(network)["W_dec"], mean)
    parameter, weights = network.W_dec, network.W_dec.detach().clone()
    with averaging.averaged(network):
        torch.testing.assert_close(network.atoms.detach(), mean)
        output = network(samples())
    assert network.W_dec is parameter
    assert torch.equal(network.W_dec, weights)
    torch.testing.assert_close(
        output.reconstruction.detach(), output.code.detach() @ mean + network.b_dec.detach()
    )


@pytest.mark.parametrize("specification", FAMILIES, ids=lambda s: s.kind)
def test_an_atom_that_starts_anew_leaves_the_others_alone(specification):
    network = with_noise(specification)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    which, direction = torch.tensor([1, 4]), torch.eye(D_IN)[:2]
    network.renew(which, direction)
    assert torch.equal(network.atoms[which].detach(), direction)
    others = torch.tensor([0, 2, 3, 5])
    assert network.atom_axes.keys() == before.keys() - {"b_dec"}
    for name, axes in network.atom_axes.items():
        now, then = network.get_parameter(name).detach(), before[name]
        for axis in axes:
            now, then = now.index_select(axis, others), then.index_select(axis, others)
        assert torch.equal(now, then), name
    assert torch.equal(network.b_dec.detach(), before["b_dec"])
