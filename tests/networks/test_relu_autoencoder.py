"""The ReLU autoencoder."""

import pytest
import torch

from dicttui.measures.recovery import recovery
from dicttui.networks.registry import build
from dicttui.optimizers.constraints import apply
from dicttui.preset.networks import ReluNetwork


def network(dict_size=6, d_in=4, l1=0.5):
    torch.manual_seed(0)
    return build(ReluNetwork(kind="relu", dict_size=dict_size, l1_coefficient=l1), d_in)


def samples(n=9, d_in=4):
    return torch.randn(n, d_in, generator=torch.Generator().manual_seed(1))


def test_parameters_have_the_fields_names_and_shapes():
    shapes = {name: tuple(p.shape) for name, p in network().named_parameters()}
    assert shapes == {"W_enc": (4, 6), "b_enc": (6,), "W_dec": (6, 4), "b_dec": (4,)}


def test_the_encoder_starts_at_the_decoders_transpose_but_is_not_tied():
    net = network()
    assert torch.equal(net.W_enc, net.W_dec.T)
    with torch.no_grad():
        net.W_dec.zero_()
    assert net.W_enc.abs().sum() > 0


def test_forward_and_loss_terms_by_hand():
    net, x = network(), samples()
    with torch.no_grad():
        net.b_dec.copy_(torch.tensor([0.1, -0.2, 0.3, 0.0]))
        net.b_enc.fill_(-0.1)
    with torch.no_grad():
        output = net(x)
        check_by_hand(net, x, output)


def check_by_hand(net, x, output):
    for sample, code, reconstruction in zip(x, output.code, output.reconstruction, strict=True):
        by_hand = [
            max(0.0, float((sample - net.b_dec) @ net.W_enc[:, j] + net.b_enc[j])) for j in range(6)
        ]
        assert code.tolist() == pytest.approx(by_hand, abs=1e-5)
        rebuilt = sum(c * row for c, row in zip(by_hand, net.W_dec, strict=True)) + net.b_dec
        torch.testing.assert_close(reconstruction, rebuilt)
    terms = net.loss_terms(x, output)
    errors = [float(((r - s) ** 2).sum()) for r, s in zip(output.reconstruction, x, strict=True)]
    assert list(terms) == ["squared_error", "l1_penalty"]
    assert terms["squared_error"].item() == pytest.approx(sum(errors) / 9, rel=1e-5)
    assert terms["l1_penalty"].item() == pytest.approx(0.5 * output.code.sum().item() / 9, rel=1e-5)


def test_what_it_says_about_itself():
    net = network()
    assert net.sparse_code
    assert not net.signed_code
    assert net.error_summed
    assert net.lambda_field(64, 4) == 0.5
    assert net.dictionary is net.W_dec
    assert net.atoms is net.W_dec
    assert [id(p) for p in net.dictionary_parameters()] == [id(net.W_dec)]
    assert (net(samples()).code == 0).any()


def test_d_sae_is_the_fields_name_for_the_dictionarys_size():
    assert len(build(ReluNetwork(kind="relu", d_sae=11), 4).dictionary) == 11


def test_it_finds_a_planted_dictionary():
    generator = torch.Generator().manual_seed(4)
    true = torch.linalg.qr(torch.randn(8, 8, generator=generator))[0]
    net = network(dict_size=16, d_in=8, l1=0.1)
    net.initialise("unit_norm", torch.zeros(1, 8), generator)
    before = recovery(true, net.atoms, None, signed=False)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(500):
        support = torch.rand(64, 8, generator=generator) < 0.2
        codes = support * (0.5 + torch.rand(64, 8, generator=generator))
        x = codes @ true
        optimizer.zero_grad()
        loss = sum(net.loss_terms(x, net(x)).values())
        loss.backward()
        optimizer.step()
        apply(net.atoms, "unit_norm")
    after = recovery(true, net.atoms, None, signed=False)
    assert before.recovered < 0.5
    assert after.recovered >= 0.9
    assert after.mmcs > 0.95
