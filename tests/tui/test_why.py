"""`w`: why a run does not converge, and what can be done about it."""

from dataclasses import replace
from pathlib import Path

import handmade
import handmade_findings as findings
import pytest
from driving import Driver, drive

from dicttui.preset.reading import Overrides, read
from dicttui.training.finding import Diagnosis, Evidence, Finding, Remedy, Setting, Status
from dicttui.training.interventions import Fork, ResetOptimizer, SetLearningRate
from dicttui.training.snapshot import Playback, Recording, Snapshot
from dicttui.tui.glyphs import ASCII, UNICODE
from dicttui.tui.preset_saving import written
from dicttui.tui.sparkline import sparkline
from dicttui.tui.widgets.card_facts import Standing, facts


def card(snapshot: Snapshot, width: int = 56) -> str:
    """The first run's card."""
    lines = facts(snapshot.runs[0], Standing(0, 0, selected=True), width, UNICODE)
    return "\n".join("".join(text for text, _role in line.spans) for line in lines)


@pytest.mark.parametrize("status", ["suspected", "confirmed", "refuted"])
def test_the_card_says_what_was_found_and_how_sure_that_is(status: Status) -> None:
    finding = replace(findings.TOO_LARGE, status=status, line="the learning rate is too large")
    (line,) = (line for line in card(findings.leading(finding)).split("\n") if "too large" in line)
    assert line.endswith(f"  {status}")
    assert len(line) == 56
    # Where there is no room for the word, the sign has to do.
    assert f"{dict(UNICODE.statuses)[status]} the learning rate is" in card(
        findings.leading(finding), 34
    )


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_every_status_has_a_sign_of_its_own(glyphs) -> None:
    signs = [sign for _, sign in glyphs.statuses]
    assert len({*signs, glyphs.healthy}) == 4


@pytest.mark.parametrize("diagnosis", [None, Diagnosis(), Diagnosis(10, progress="measuring")])
def test_the_card_says_nothing_where_nothing_is_known(diagnosis: Diagnosis | None) -> None:
    assert card(findings.with_diagnosis(diagnosis)) == card(handmade.two_runs())


def test_a_low_card_keeps_the_finding_and_lets_details_go() -> None:
    async def scenario(app: Driver) -> None:
        text = app.text()
        for kept in ("loss 0.3636", "lr 0.01", "running", findings.TOO_LARGE.line[:20]):
            assert kept in text
        assert "ripple" not in text
        assert "nothing keeps" not in text  # a run that is well says so where there is room

    drive(scenario, findings.diagnosed(), size=(80, 18))


def test_the_screen_follows_the_run_and_asks_for_its_diagnosis() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("w")
        await app.see("Is it the optimizer? no, the step size: at a tenth")
        assert app.session.views[-1].why == ("adam",)
        for words in (
            "trying 2 of 3", "confirmed", "1.012", "Cohen et al.", "lr = 0.001", "so far",
            "0.3512", "It would speak against it", "gradient noise scale: the batch is the whole",
        ):  # fmt: skip
            await app.see(words)
        await app.press("2")
        await app.see("Why? sgd")
        assert app.session.views[-1].why == ("sgd",)
        await app.press("escape")
        await app.until(lambda: app.kind == "main")
        assert app.session.views[-1].why == ()
        assert app.session.submitted == []

    drive(scenario, findings.diagnosed())


def test_arrows_move_among_findings_and_the_chosen_one_stays_chosen() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("w", "down", "down")
        await app.see("▶ ? the features differ in scale")
        await app.see("data.scaling")
        snapshot = app.session.snapshot
        adam, sgd = snapshot.runs
        assert adam.diagnosis is not None
        turned = replace(adam.diagnosis, findings=adam.diagnosis.findings[::-1])
        await app.show(replace(snapshot, runs=(replace(adam, diagnosis=turned), sgd)))
        await app.see("▶ ? the features differ in scale")
        await app.press("up", "up")
        await app.see("▶ ! the learning rate")

    drive(scenario, findings.diagnosed())


def test_what_has_no_room_is_paged_to() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("w")
        await app.see("more lines (page down)")
        await app.press("end")
        await app.see("not known")
        assert "more lines" not in app.text()
        await app.press("home")
        await app.see("confidence 93%")

    drive(scenario, findings.diagnosed(), size=(80, 24))


@pytest.mark.parametrize(
    ("diagnosis", "words"),
    [
        (None, "Nobody examines adam"),
        (Diagnosis(progress="too few steps yet"), "Nothing has been found of adam yet: too few"),
    ],
)
def test_without_a_finding_it_says_why(diagnosis: Diagnosis | None, words: str) -> None:
    async def scenario(app: Driver) -> None:
        await app.press("w")
        await app.see(words)
        await app.press("enter")
        await app.see("nothing has been found yet")

    drive(scenario, findings.with_diagnosis(diagnosis))


# -- remedies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "keys", "submitted"),
    [
        (
            findings.TOO_LARGE,
            ("enter",),
            Fork("adam", settings=(Setting("lr", "0.001"),), begins="now"),
        ),
        (findings.TOO_LARGE, ("down", "enter"), SetLearningRate("adam", lr=0.001)),
        (
            findings.COLLAPSED,
            ("enter",),
            Fork("adam", settings=findings.COLLAPSED.remedy.settings, begins="step_0"),
        ),
        (findings.STALE, ("enter",), ResetOptimizer("adam")),
    ],
)
def test_a_remedy_is_asked_about_then_applied(finding: Finding, keys, submitted) -> None:
    async def scenario(app: Driver) -> None:
        await app.press("w", "enter")
        await app.see("A remedy for adam")
        assert app.session.submitted == []
        await app.press(*keys)
        await app.until(lambda: app.session.submitted == [submitted])
        if isinstance(submitted, Fork):
            await app.see("adam-3")
            assert app.kind == "main"

    drive(scenario, findings.leading(finding))


def test_the_dialog_says_what_each_choice_does() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("w", "enter")
        await app.see("open the tested fork, from step 4,200")
        await app.see("It was tried")
        await app.press("down")
        await app.see("goes on with lr 0.001 in place of 0.01")
        await app.press("up", "up", "enter")
        await app.until(lambda: app.kind == "why")
        assert app.session.submitted == []

    drive(scenario, findings.diagnosed())


@pytest.mark.parametrize(
    ("finding", "changes", "words"),
    [
        (findings.TOO_LARGE, {"state": "failed"}, "a failed run cannot be"),
        (findings.TOO_LARGE, {"catching_up": 5_000}, "is catching up with its"),
        (findings.UNSCALED, {}, "All runs share this"),
        (replace(findings.TOO_LARGE, remedy=Remedy("clean samples")), {}, "No setting says this"),
    ],
)
def test_what_cannot_be_applied_says_why(finding: Finding, changes, words: str) -> None:
    async def scenario(app: Driver) -> None:
        await app.press("w", "enter")
        await app.see(words)
        assert "a new run" not in app.text()

    drive(scenario, findings.leading(finding, **changes))


def test_who_only_looks_changes_nothing() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("w", "enter")
        await app.see("Read only: this screen may look")
        assert "save a preset with it" in app.text()
        assert "this run" not in app.text()

    drive(scenario, findings.diagnosed(), readonly=True)


class Player:
    """Counts the pictures by which a recording is moved on."""

    moved = 0

    def scrub(self, frames: int) -> None:
        self.moved += frames


def test_a_recording_shows_its_diagnosis_and_changes_nothing() -> None:
    recording = replace(findings.diagnosed(), playback=Playback(0, 10, 1.0, playing=False))

    async def scenario(app: Driver) -> None:
        await app.press("w")
        await app.see("Is it the optimizer?")
        await app.press("enter")
        await app.see("A recording: nothing trains here.")
        await app.press("escape", "right", "shift+right")
        assert player.moved == 11
        await app.press("escape")
        await app.until(lambda: app.kind == "main")

    player = Player()
    drive(scenario, recording, player=player)


def saves(snapshot, monkeypatch, tmp_path: Path, **options) -> list[str]:
    """Saves a preset by the last choice but one; the lines of the dialog that tells of it."""
    monkeypatch.chdir(tmp_path)
    told: list[str] = []

    async def scenario(app: Driver) -> None:
        await app.press("w", "enter", "up", "up", "enter")
        await app.until(lambda: app.kind == "ConfirmDialog")
        told.extend(app.lines())
        await app.press("enter")
        await app.until(lambda: app.kind == "why")

    drive(scenario, snapshot, size=(160, 40), **options)
    return told


def test_a_preset_is_saved_with_the_remedy_and_never_over_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    preset = read("article-sparse", Overrides(seed=3))
    for name in ("", "-2"):
        told = "\n".join(
            saves(findings.leading(findings.UNSCALED), monkeypatch, tmp_path, preset=preset)
        )
        assert f"dicttui ./article-sparse-unscaled_data{name}.toml" in told
    assert len([*tmp_path.iterdir()]) == 2
    saved = read(str(tmp_path / "article-sparse-unscaled_data.toml"))
    assert saved.data.scaling == "standardize"
    assert (saved.training, saved.network, saved.runs) == (
        preset.training, preset.network, preset.runs,
    )  # fmt: skip


def test_a_remedy_of_one_run_is_saved_for_that_run_and_paths_stay_right(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "mine.toml").write_text(
        '[data]\nkind = "file"\npath = "x.npy"\n[network]\nkind = "sparse"\n'
        '[[runs]]\noptimizer = "Adam"\n[[runs]]\noptimizer = "SGD"\n'
    )
    preset = read(str(tmp_path / "presets" / "mine.toml"))
    saves(findings.leading(findings.COLLAPSED), monkeypatch, tmp_path, preset=preset)
    saved = read(str(tmp_path / "mine-penalty_depends_on_batch.toml"))
    assert saved.data.path == str(tmp_path / "presets" / "x.npy")
    assert [run.network.penalty for run in saved.runs] == ["mean", "sum"]


@pytest.mark.parametrize(
    ("recording", "words"),
    [(None, "does not know the preset"), (Recording("3f2a9c", "/nowhere/3f2a9c"), "/nowhere")],
)
def test_a_preset_that_cannot_be_had_is_told(
    recording: Recording | None, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    snapshot = replace(findings.leading(findings.UNSCALED), recording=recording)
    told = "\n".join(saves(snapshot, monkeypatch, tmp_path))
    assert "The preset could not be saved" in told
    assert words in told
    assert not [*tmp_path.iterdir()]


def test_in_ascii_all_of_it_is_seven_bits() -> None:
    async def scenario(app: Driver) -> None:
        assert app.text().isascii()
        await app.press("w")
        for size in ((80, 24), (120, 40)):
            await app.resize(*size)
            assert "! the learning rate" in app.text()
            assert app.text().isascii(), {c for c in app.text() if ord(c) > 127}
        await app.press("enter")
        await app.see("leave it")
        assert app.text().isascii()

    drive(scenario, findings.diagnosed(), ascii=True)


def test_a_preset_with_code_of_one_s_own_stays_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.toml").write_text(
        '[network]\nkind = "user"\nfactory = "mynet:Net"\n[[runs]]\noptimizer = "Adam"\n'
    )
    finding = findings.TOO_LARGE
    assert finding.remedy is not None
    preset = read(str(tmp_path / "mine" / "mine.toml"))
    path = written(preset, "adam", finding, finding.remedy, [tmp_path])
    assert path == tmp_path / "mine" / "mine-step_too_large.toml"
    assert read(str(path)).runs[0].lr == 0.001


# -- charts ----------------------------------------------------------------------------------------


def test_a_history_is_drawn_on_one_line() -> None:
    assert sparkline(range(8), [float(n) for n in range(8)], 8, UNICODE) == "▁▂▃▄▅▆▇█"
    assert sparkline(range(6), [1, 1, float("nan"), float("inf"), 2, 2], 9, ASCII) == "..  ##"
    assert sparkline((0, 1, 2, 9), [0.0, 1.0, 2.0, 2.0], 4, ASCII) == ":###"
    assert len(sparkline(range(500), [float(n % 7) for n in range(500)], 20, UNICODE)) == 20
    for nothing in ([], [1.0], [float("nan")] * 3):
        assert sparkline(range(len(nothing)), nothing, 8, UNICODE) == ""


def test_ugly_numbers_do_no_harm() -> None:
    ugly = Evidence(
        "a", "λ " * 60, float("nan"), float("inf"), "for", "…\x1b[2J", (1, 2), (1e308, -1e308)
    )
    finding = replace(
        findings.TOO_LARGE, line="\x1b[31m\n" * 30, evidence=(ugly,), mechanism="x" * 500,
        remedy=Remedy("…" * 90, (Setting("lr", "1" * 90),)),
    )  # fmt: skip

    async def scenario(app: Driver) -> None:
        await app.press("w")
        for size in ((1, 1), (30, 7), (80, 24), (200, 60)):
            await app.resize(*size)
            assert len(app.lines()) == size[1]
            assert "\x1b" not in app.text()
        await app.press("enter")
        await app.resize(30, 7)

    drive(scenario, findings.leading(finding))
