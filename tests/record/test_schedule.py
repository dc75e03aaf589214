"""When a checkpoint is due."""

from dicttui.record.schedule import Schedule, is_schedule


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


def test_it_is_said_in_a_persons_words():
    now = [0.0]
    for words, seconds in (("30s", 30), ("5m", 300), ("2h", 7200)):
        assert is_schedule(words)
        schedule = Schedule.of(words)
        assert schedule._seconds == seconds
    assert is_schedule("1000")
    by_steps = Schedule.of("1000")
    by_steps._clock = lambda: now[0]
    now[0] = 1e6
    by_steps.made("a", 999)
    assert not by_steps.due(), "not by the clock"
    by_steps.made("a", 1)
    assert by_steps.due()
    for words in ("", "0", "0m", "m", "1.5m", "-1", " 1", "1d", "٣s"):
        assert not is_schedule(words)
