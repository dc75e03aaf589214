"""The steps of `<` and `>`."""

from dicttui.tui.pace import PACES, faster, slower


def test_from_full_speed_the_first_step_is_below_what_was_measured() -> None:
    assert slower(None, 4312.0) == 2000
    assert slower(None, 3.0) == 2
    assert slower(None, None) == PACES[-1]


def test_going_down_and_up_passes_the_same_paces() -> None:
    pace: float | None = PACES[0]
    up = [pace]
    while pace is not None:
        pace = faster(pace)
        up.append(pace)
    assert up == [*PACES, None]
    assert slower(20.0, None) == 10
    assert slower(PACES[0], None) == PACES[0]
    assert faster(None) is None


def test_a_preset_s_own_pace_is_between_the_steps() -> None:
    assert slower(25.0, None) == 20
    assert faster(25.0) == 50


def test_slower_than_the_slowest_is_never_faster() -> None:
    assert slower(0.25, None) == 0.25
