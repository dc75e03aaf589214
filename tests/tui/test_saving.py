"""`s`: this screen as a picture, and the report of what is recorded."""

import os
from pathlib import Path

import handmade
import pytest
from driving import Driver, drive

from dicttui.preset.reading import read
from dicttui.record.recorder import Recorder
from dicttui.training.session import Session
from dicttui.training.snapshot import Recording
from dicttui.tui.saving import saved


def test_a_training_that_is_not_recorded_has_a_picture_and_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def scenario(app: Driver) -> None:
        await app.press("s")
        await app.see("nothing is recorded, so there is no report")

    drive(scenario, handmade.two_runs(), size=(200, 40))
    (picture,) = tmp_path.iterdir()
    assert picture.name.startswith("dicttui-article-sparse-")
    text = picture.read_text("utf-8")
    assert text.startswith("<svg")
    assert "running" in text


@pytest.mark.parametrize("screen", ["question_mark", "e", "r", ""])
def test_every_screen_is_saved(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def scenario(app: Driver) -> None:
        if screen:
            await app.press(screen)
        await app.press("s")
        await app.until(lambda: any(tmp_path.iterdir()))

    drive(scenario, handmade.two_runs(), readonly=True)
    (picture,) = tmp_path.iterdir()
    assert picture.suffix == ".svg"


PRESET = """
[network]
kind = "simple"
[training]
steps = 20
[[runs]]
optimizer = "SGD"
lr = 0.01
"""


def test_what_is_recorded_has_a_report_beside_its_picture(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(PRESET)
    preset = read(str(tmp_path / "small.toml"))
    recorder = Recorder.begin(preset, tmp_path / "experiments")
    session = Session(preset, observers=[recorder])
    session.advance(20)
    recording = session.latest().recording
    assert recording is not None
    session.close()
    recorder.linger(60)
    told = saved("name", "<svg/>", recording, [tmp_path / "out"])
    assert told == f"saved {tmp_path / 'out' / 'name.svg'} and name.html"
    assert (tmp_path / "out" / "name.svg").read_text() == "<svg/>"
    assert "<html" in (tmp_path / "out" / "name.html").read_text("utf-8")[:1000].lower()


def test_a_report_that_cannot_be_written_is_said_and_the_picture_is_there(tmp_path: Path) -> None:
    recording = Recording("3f2a9c", str(tmp_path / "nowhere"))
    told = saved("name", "<svg/>", recording, [tmp_path])
    assert told.startswith(f"saved {tmp_path / 'name.svg'}; the report could not be written: ")
    assert [path.name for path in tmp_path.iterdir()] == ["name.svg"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_takes_nothing_is_not_the_end_of_it(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    told = saved("name", "<svg/>", None, [tmp_path / "closed", tmp_path / "state"])
    assert str(tmp_path / "state" / "name.svg") in told


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = saved("name", "<svg/>", None, [tmp_path / "file", tmp_path / "file" / "below"])
    assert told.startswith("this screen could not be saved: ")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_another_place_is_taken_where_the_first_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    saved("name", "<svg/>", None, [tmp_path / "file", tmp_path / "state"])
    assert (tmp_path / "state" / "name.svg").exists()


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "name.svg").write_text("mine")
    (tmp_path / "name-2.html").write_text("mine")
    saved("name", "<svg/>", None, [tmp_path])
    assert (tmp_path / "name.svg").read_text() == "mine"
    assert (tmp_path / "name-3.svg").read_text() == "<svg/>"
