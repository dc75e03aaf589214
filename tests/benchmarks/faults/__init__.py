"""Faults put into trainings that are healthy without them: the benchmark by which the diagnosis is
judged. `python -m tests.benchmarks.faults --help` in the repository's root.

`settings`: healthy trainings. `injections`: for each cause, what makes some of them ill. `harm`:
that it does. `split`: what thresholds may be set by, and what they are reported on.
"""
