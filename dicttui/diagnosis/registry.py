"""Every failure mode, and which of them lead to which."""

from dicttui.diagnosis.cause import Cause
from dicttui.diagnosis.causes import (
    bad_initialisation,
    bad_samples,
    code_collapse,
    dead_atoms,
    diverged,
    duplicate_atoms,
    edge_of_stability,
    epsilon_dominates,
    frozen_parameters,
    no_structure,
    noise_floor,
    overfit,
    penalty_depends_on_batch,
    penalty_saturated,
    penalty_too_strong,
    precision_lost,
    radial_leakage,
    scale_degeneracy,
    second_moment_too_large,
    second_moment_too_small,
    shrinkage,
    step_too_large,
    step_too_small,
    unscaled_data,
)

CAUSES: dict[str, Cause] = {
    module.CAUSE.id: module.CAUSE
    for module in (
        frozen_parameters, precision_lost, bad_samples, unscaled_data, penalty_depends_on_batch,
        bad_initialisation, penalty_too_strong, epsilon_dominates, second_moment_too_large,
        second_moment_too_small, scale_degeneracy, step_too_large, step_too_small, shrinkage,
        overfit, no_structure, penalty_saturated, radial_leakage, edge_of_stability, noise_floor,
        diverged, code_collapse, dead_atoms, duplicate_atoms,
    )
}  # fmt: skip
"""By id. Where two are as likely, the one that stands first here is the root more often."""
