"""What the numbers of a run are judged against: judgements, set on the dev part of the fault
benchmark (tests/benchmarks/faults) where no source is named, and reported on the part that was held
out.
"""

READ_OFF = 0.92
"""Strength of what is read off and not inferred, where no remedy can be tried."""

# -- losses
GREW = 10.0
"""Last loss ÷ first from which on a run has diverged though it is finite."""
THROWN = 3.0
"""Highest loss ÷ first: no training at a fitting rate climbs as high."""
STILL_FALLING = 0.03
"""Share of its loss that a run would lose in as many steps again, at its present pace."""
FAR_FROM_THERE = 0.2
"""The same share from which on it is not known what the run would come to."""
NEARLY_FLAT = 0.25
"""Share of its loss that a minibatch run may still lose and be held up by noise."""
RISES = 0.1
"""Share of rising steps that full-batch training at a fitting rate stays below."""
RISES_OFTEN = 0.3
BOUNCES = 0.1
"""Interquartile range of the loss ÷ its median, over the last quarter."""
SCATTERED = 0.3
"""The same from which on a minibatch's loss says little of where training is."""
WORSE_THAN_BEST = 0.8
"""Best median ÷ last median below which a run has gone away from what it had."""

# -- steps
EDGE = 0.8
"""Sharpness ÷ limit from which on training is at the edge of stability: it hovers at 1
(Cohen et al. 2021)."""
BEYOND = 2.0
"""Sharpness ÷ limit from which on steps overshoot in earnest."""
FAR_BELOW = 0.3
"""Sharpness ÷ limit below which larger steps would be stable."""
LARGE_UPDATE = 0.03
"""‖Δrow‖ ÷ ‖row‖ of one step: a row is another after thirty."""
NOISY = 3.0
"""Variance of a batch's gradient ÷ squared norm of the mean gradient: most of a step is noise."""

SMALL_BATCH = 32

# -- the optimizer's state
EPSILON = 0.5
"""ε ÷ (√v̂ + ε): above it the step is a plain gradient step at lr ÷ ε."""
NO_STEP = 1e-6
"""|m̂| ÷ (√v̂ + ε) of tensors that have come to rest."""
USUAL_EPSILON = 1.1e-8
STALE = 0.6
"""log₁₀ of √v̂ ÷ rms of the gradients of now: four times too large; −STALE: too small."""
MOST_STALE = 6.0
"""Beyond that the gradients of now are 0, and nothing is stale."""
LARGE_RATIO = 1.3
"""|m̂| ÷ (√v̂ + ε), which is 1 at most for gradients that keep their sign and size."""
RADIAL = 0.3
"""Share of an update along the row, of rows whose length is held."""
LOST = 0.3
"""Share of wanted updates that change nothing: they are less than half of the last place."""

# -- codes and dictionary
COLLAPSED_L0 = 0.01
"""l0 ÷ atoms at which codes are as good as zero."""
COLLAPSED_FVU = 0.9
POOR_FVU = 0.35
"""fvu above which a penalty, not noise, is what keeps samples from being reconstructed."""
PENALTY_RULES = 0.35
"""Share of the gradient that comes from the penalty."""
SUMMED = 1.5
"""Growth of the penalty when a batch is twice as large: 1 is a mean, 2 a sum."""
SATURATED, WHOLLY = 0.9, 0.99
"""Share of one tensor's gradient that comes from the penalty."""
SILENT = 0.25
"""Share of atoms that fire on no sample."""
DUPLICATES = 0.1
SHRUNK, SHRUNK_FVU = 1.3, 0.2
"""Factor by which the reconstruction would have to be scaled, and the fvu from which on it counts:
every L1 penalty shrinks somewhat, and a good fit stands it."""
RESCALED = 0.9
"""fvu after that ÷ fvu before."""
UNEVEN = 6.0
"""Longest row ÷ shortest."""
GROWN = 2.0
"""Median row norm now ÷ at step 0, or its inverse."""

# -- beginnings
BAD_START_FVU = 10.0
"""fvu at step 0: the reconstruction is far larger than the samples."""
SILENT_START = 0.5
LENGTH_START = 5.0
"""Median length of atoms at step 0, or its inverse."""

# -- samples
OFFSET = 1.0
"""‖mean‖ ÷ ‖std‖."""
FAR_OFF = 300.0
"""The same from which on float32 has too few digits left for the spread."""
NO_DIGITS_LEFT = 1e5
"""The same from which on float32, with its 2**-24, keeps less than a hundredth of the spread."""
RMS_LOW, RMS_HIGH = 0.2, 5.0
WORST = 20.0
"""Largest ÷ median distance from the mean."""
APART = 2.0
"""Distance of the nearest outlier ÷ that of the farthest other sample."""
REPEATED = 0.5
"""Share of samples that are copies of others."""
CONSTANT = 0.1
OVERFIT = 1.3
"""fvu of held-out samples ÷ that of train samples."""
STRUCTURE = 1.0
"""Mean excess kurtosis of whitened samples, in standard errors along one direction
(`measures.structure`): of normal ones it is about 0.2, because it is a mean over many."""
ENOUGH_SAMPLES = 1000
"""With fewer, structure that is there may not show."""
FROZEN_RATIO = 1e-4
"""Smallest relative change of a tensor ÷ the largest."""
