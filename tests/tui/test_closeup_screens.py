"""The screens of atoms as pictures and of one sample with its code."""

from dataclasses import replace

import handmade
import handmade_closeups
import numpy as np
import pytest
from driving import Driver, drive

from dicttui.training.closeup import Numbers
from dicttui.training.snapshot import Playback
from dicttui.tui import pixels
from dicttui.tui.glyphs import ASCII, UNICODE
from dicttui.tui.signed_bars import signed_bars
from dicttui.tui.tiles import tiles
from dicttui.tui.widgets.atom_gallery import frequency


def asked(app: Driver):
    return app.session.views[-1].atoms


def test_runs_stand_beside_each_other_and_only_what_is_seen_is_asked_for() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("a")
        await app.see("Atoms 1-42 of 256")
        assert "adam" in app.lines()[1]
        assert "sgd" in app.lines()[1]
        assert [(one.run, one.order, one.first, one.count) for one in asked(app)] == [
            ("adam", "use", 0, 42), ("sgd", "use", 0, 42),
        ]  # fmt: skip
        await app.press("down")
        await app.see("Atoms 7-48 of 256")
        await app.press("end")
        await app.until(lambda: asked(app)[0].first == 216)
        await app.see("Atoms 217-256 of 256")
        await app.press("escape")
        assert asked(app) == ()

    drive(scenario, handmade_closeups.pictures())


def test_keys_put_atoms_in_order_and_on_one_scale() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("a")
        await app.see("each atom on its own scale")
        for key, order in (("O", "norm"), ("right", "age"), ("left", "norm"), ("O", "age")):
            await app.press(key)
            await app.until(lambda order=order: {one.order for one in asked(app)} == {order})
        await app.see("by age: steps since an atom last fired")
        await app.press("A")
        await app.see("all on one scale, to 1.3")
        # What was chosen is still so after another screen.
        await app.press("i", "a")
        await app.see("by age")

    drive(scenario, handmade_closeups.pictures())


def test_where_there_is_room_for_one_run_the_selected_one_is_shown() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("a")
        await app.see("[1] ● adam")
        assert "sgd" not in app.text()
        await app.press("2")
        await app.see("[2] ■ sgd")
        await app.press("tab")
        await app.see("[1] ● adam")

    drive(scenario, handmade_closeups.pictures(), size=(40, 16))


def test_the_corner_of_an_atom_is_in_its_corner() -> None:
    corner = [0.0] * 64
    corner[7] = 1.0  # the first row's last pixel
    corner[56] = -1.0  # the last row's first

    async def scenario(app: Driver) -> None:
        await app.press("a")
        snapshot = app.session.snapshot
        run = snapshot.runs[0]
        shown = run.atoms[0]
        atom = replace(shown.atoms[0], picture=handmade_closeups.numbers(corner), index=999)
        part = replace(shown, atoms=(atom, *shown.atoms[1:]))
        await app.show(replace(snapshot, runs=(replace(run, atoms=(part,)), *snapshot.runs[1:])))

        def colours(x: int, y: int) -> tuple[str, str]:
            style = app.app.screen.get_style_at(x, y)
            return str(style.color.name), str(style.bgcolor.name)

        x = app.lines()[6].index("999")
        zero = pixels.colour(0, dark=True).name
        assert colours(x + 7, 2) == (pixels.colour(7, dark=True).name, zero)
        assert colours(x, 5) == (zero, pixels.colour(-7, dark=True).name)
        assert colours(x + 3, 3)[1] == zero

    drive(scenario, handmade_closeups.pictures())


@pytest.mark.parametrize(("key", "words"), [("a", "pictures of atoms"), ("i", "no samples")])
def test_a_recording_says_that_it_has_none(key: str, words: str) -> None:
    async def scenario(app: Driver) -> None:
        await app.press(key)
        await app.see("A recording keeps numbers")
        assert words in app.text()

    recording = replace(handmade_closeups.pictures(), playback=Playback(0, 10, 1.0, playing=False))
    drive(scenario, recording)


def test_samples_that_are_no_pictures_say_what_to_write() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("a")
        await app.see("image = [28, 28]")
        assert "gaussian 100 × 10" in app.text()
        assert asked(app) == ()

    drive(scenario, handmade.two_runs())


def test_one_steps_from_sample_to_sample() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("i")
        await app.see("Sample 1  of 180 held-out samples")
        for keys, place in ((("right_square_bracket",), 2), (("right", "right"), 4), (("{",), 174)):
            await app.press(*keys)
            await app.see(f"Sample {place}  of")
        text = app.text()
        assert "residual 4.3%" in text
        assert "and 3 more with shorter contributions" not in text
        await app.press("pagedown")
        await app.see("and 3 more with shorter contributions")

    drive(scenario, handmade_closeups.pictures())


def test_the_nearest_true_atoms_stand_beside_those_that_are_used() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("i")
        await app.see("cosine")
        line = next(line for line in app.lines() if " 113 " in line)
        assert line.split()[-2:] == ["6", "0.950"]

    drive(scenario, handmade_closeups.known_atoms())


def test_a_pixel_that_wavers_keeps_its_colour() -> None:
    before = pixels.levels(_array(0.50), 7)
    assert pixels.levels(_array(0.57), 7, before).tolist() == before.tolist()
    assert pixels.levels(_array(0.57), 7).tolist() == [4]
    assert pixels.levels(_array(0.75), 7, _levels(4)).tolist() == [5]


def test_what_no_trainer_sends_is_no_picture() -> None:
    for wrong in ("", "A", "*", "AAAA"):
        assert pixels.shares(Numbers(1.0, wrong), 64) is None


def test_pictures_that_are_too_large_are_made_smaller() -> None:
    made = tiles((28, 28), 12_288, 57, 34, characters=False)
    assert (made.shrink, made.across, made.down) == (1, 2, 2)
    made = tiles((224, 224, 3), 131_072, 57, 34, characters=False)
    assert made.image[1] <= 57
    assert made.image[0] <= 2 * 33
    assert tiles((8, 8), 4, 0, 0, characters=True).count == 1


def test_bars_stand_on_both_sides_of_zero() -> None:
    above, _, below = signed_bars(_array(1.0, -1.0), 2, 3, ASCII, signed=True)
    assert (above[0] == " ", above[1] == " ") == (False, True)
    assert (below[0] == " ", below[1] == " ") == (True, False)
    assert len(signed_bars(_array(*[0.5] * 20), 10, 3, UNICODE, signed=False)[0]) == 10


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    assert [frequency(share) for share in (0.0, 1e-9, 0.05, 0.5, 0.9999, 1.0, None)] == [
        "0%", "<.1%", "5.0%", "50%", ">99%", "100%", "n/a",
    ]  # fmt: skip


def _array(*values: float):
    return np.asarray(values, dtype=np.float32)


def _levels(*values: int):
    return np.asarray(values, dtype=np.int8)
