"""With torch.manual_seed(s) at its top, each of the article's scripts prints the losses of the run
with seed s, bit for bit."""

import pytest
import torch
from torch import nn, optim


class ArticleNetwork(nn.Module):
    def __init__(self, input_size, dict_size, hidden_size):
        super().__init__()
        self.encoder = nn.Linear(input_size, hidden_size)
        self.dictionary = nn.Parameter(torch.randn(dict_size, hidden_size))
        self.decoder = nn.Linear(dict_size, input_size)

    def forward(self, x):
        projected = torch.relu(self.encoder(x)) @ self.dictionary.T
        return self.decoder(projected), projected


def script(seed, optimizer, sparse, epochs):
    """What a script of the article's shape prints."""
    torch.manual_seed(seed)
    model = ArticleNetwork(10, 5, 8)
    stepper = getattr(optim, optimizer)(model.parameters(), lr=0.01)
    inputs = torch.randn(100, 10)
    printed = []
    for _ in range(epochs):
        stepper.zero_grad()
        outputs, projected = model(inputs)
        loss = nn.MSELoss()(outputs, inputs)
        if sparse:
            loss = loss + 0.01 * torch.sum(torch.abs(projected))
        loss.backward()
        stepper.step()
        printed.append(loss.item())
    return printed


@pytest.mark.parametrize("seed", [0, 1, 2, 12345])
@pytest.mark.parametrize(
    ("kind", "optimizer"), [("simple", "Adam"), ("sparse", "Adam"), ("sparse", "SGD")]
)
def test_losses_are_the_scripts(open_session, seed, kind, optimizer):
    session = open_session(
        f"""
        [network]
        kind = "{kind}"
        [training]
        steps = 100
        seed = {seed}
        [[runs]]
        optimizer = ["{optimizer}", "RMSprop"]
        lr = 0.01
        """
    )
    session.advance(37)
    session.advance(63)
    run = session.latest().runs[0]
    assert list(run.loss_series.last) == script(seed, optimizer, kind == "sparse", 100)
    assert run.state == "finished"


def test_held_out_samples_leave_the_articles_stream_alone(open_session):
    text = """
        [data]
        kind = "gaussian"
        held_out = {held_out}
        [network]
        kind = "sparse"
        [[runs]]
        optimizer = "Adam"
        lr = 0.01
        """
    sessions = [open_session(text.format(held_out=h)) for h in (0, 50)]
    for session in sessions:
        session.advance(20)
    without, held = (s.latest().runs[0] for s in sessions)
    assert without.loss_series.last == held.loss_series.last
    assert without.held_out_loss is None
    assert held.held_out_loss is not None


def test_every_run_starts_from_the_same_weights(open_session):
    session = open_session(
        """
        [network]
        kind = "sparse"
        [[runs]]
        name = "sum"
        optimizer = "SGD"
        lr = 0.01
        [[runs]]
        name = "mean"
        optimizer = "Adam"
        lr = 0.01
        network = { penalty = "mean" }
        [[runs]]
        name = "wider"
        optimizer = "Adam"
        lr = 0.01
        network = { dict_size = 7 }
        """
    )
    session.advance(0)
    networks = [run.trainable.network for run in session._trainer.experiment.runs]
    first = networks[0].state_dict()
    for network in networks[1:]:
        for name, value in network.state_dict().items():
            if value.shape == first[name].shape:
                assert torch.equal(value, first[name]), name
    assert networks[2].dictionary.shape == (7, 8)
