"""When a checkpoint is due."""

from dicttui.record.schedule import Schedule


def test_the_schedule():
    now = [0.0]
    schedule = Schedule(seconds=30, clock=lambda: now[0])
    assert not schedule.due()
    now[0] = 3.0
    assert schedule.due(), "the first comes soon"
    schedule.taken()
    now[0] = 32.0
    assert not schedule.due()
    now[0] = 33.0
    assert schedule.due()
    now[0] = 34.0  # a second to copy it
    schedule.taken()
    schedule.took(3.0)
    now[0] = 34.0 + 399
    assert not schedule.due(), "four seconds of work in less than four hundred"
    now[0] = 34.0 + 400
    assert schedule.due()
    schedule.taken()
    schedule.want()
    assert schedule.due(), "something has happened"
    schedule.taken()
    by_steps = Schedule(seconds=None, steps=100, clock=lambda: now[0])
    by_steps.made("a", 60)
    by_steps.made("b", 60)
    assert not by_steps.due()
    by_steps.made("a", 40)
    assert by_steps.due()
