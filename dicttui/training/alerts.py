"""What a person should notice about a run without having to look for it."""

from typing import TYPE_CHECKING

from dicttui.training.snapshot import Alert

if TYPE_CHECKING:
    from dicttui.training.run import GradientRun

DEAD_JUMP = 0.1
"""Share of all atoms that died within the last DEAD_JUMP_STEPS steps."""
DEAD_JUMP_STEPS = 500
LONG_WITHOUT_BEST = 0.25
"""Share of all steps so far without a new best loss …"""
LONG_WITHOUT_BEST_STEPS = 1000
"""… and at least so many steps."""


def of(run: "GradientRun") -> tuple[Alert, ...]:
    """The alerts of a run."""
    found = []
    if run.state == "diverged":
        found.append(Alert("diverged", run.state_detail))
    elif run.state == "failed":
        found.append(Alert("failed", run.state_detail))
    elif run.state == "paused" and run.missing:
        found.append(Alert("data", run.missing))
    jump = run.past.dead_jump
    if jump is not None:
        before, after, step = jump
        found.append(Alert("dead_atoms", f"dead atoms {before:.0%} → {after:.0%} by step {step}"))
    without = _steps_without_best(run)
    if without is not None and run.state in ("running", "paused"):
        found.append(Alert("no_new_best", f"no new best loss for {without:,} steps"))
    return tuple(found)


def _steps_without_best(run: "GradientRun") -> int | None:
    best_step = run.past.best_step
    if best_step is None:
        return None
    without = run.step - 1 - best_step
    long = max(LONG_WITHOUT_BEST_STEPS, LONG_WITHOUT_BEST * run.step)
    return without if without >= long else None
