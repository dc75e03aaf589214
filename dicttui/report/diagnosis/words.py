"""What a diagnosis says in a few fixed words."""

from dicttui.training.finding import Answer, Begins, Finding

HEALTHY = "healthy"
"""The cause that is none."""
QUESTION = "Is it the optimizer?"
ANSWERS: dict[Answer, str] = {
    "optimizer": "yes, the optimizer",
    "step_size": "no, the step size",
    "objective": "no, the objective",
    "data": "no, the data",
    "initialisation": "no, the initialisation",
    "implementation": "no, the implementation",
    "none": "nothing is wrong",
    "undetermined": "undetermined",
}
BEGINS: dict[Begins, str] = {
    "now": "at the run's present step",
    "last_finite": "at the run's last finite state",
    "step_0": "at step 0: no remedy undoes the state that it is in",
}


def is_healthy(finding: Finding) -> bool:
    """Whether it says that nothing is wrong."""
    return finding.cause == HEALTHY
