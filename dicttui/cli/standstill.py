"""Trainings without the app that wait for data: nobody is there who could put it back and go on."""

from dicttui.training.snapshot import Snapshot


def why_it_stands(snapshot: Snapshot) -> list[str]:
    """Of each run that waits for data, why; empty while another still trains."""
    waiting = {
        run.name: alert.text
        for run in snapshot.runs
        for alert in run.alerts
        if alert.kind == "data"
    }
    if any(run.state == "running" for run in snapshot.runs):
        return []
    return [f"{name}: paused {reason}" for name, reason in waiting.items()]
