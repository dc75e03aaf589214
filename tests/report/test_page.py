"""The report: everything is on the page, nothing on it comes from elsewhere."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from handmade_experiment import HOSTILE, Handmade, diverged, handmade, hostile

from dicttui.record.error import RecordError
from dicttui.report.error import ReportError
from dicttui.report.page import page, write, write_page
from dicttui.training.finding import Diagnosis, Evidence, Finding, Remedy, Setting, Verdict


class Page(HTMLParser):
    """The page's elements, and the text of each section."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.sections: dict[str, str] = {"": ""}
        self._section = [""]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "section":
            self._section.append(dict(attrs)["id"])
            self.sections[self._section[-1]] = ""

    def handle_endtag(self, tag):
        if tag == "section":
            self._section.pop()

    def handle_data(self, data):
        self.sections[self._section[-1]] += data + " "

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def whole():
    return Page(page(handmade()))


def test_why_says_what_was_found_or_how_to_find_it(whole):
    assert "dicttui diagnose 3f9a1c" in whole.sections["why"]
    found = handmade()
    finding = Finding(
        "step_too_large", "confirmed", 0.9, "λ <b>overshoots</b>", "It overshoots.", "a paper",
        "step_size", (Evidence("fvu", "fvu", 0.9, 0.35),),
        remedy=Remedy("less", (Setting("lr", "0.1"),)),
    )  # fmt: skip
    last = found.frames_[-1]
    runs = tuple(replace(run, diagnosis=Diagnosis(9, (finding,))) for run in last.runs)
    verdict = Verdict("step_size", "it overshoots")
    found.frames_[-1] = replace(last, runs=runs, verdict=verdict)
    why = Page(page(found)).sections["why"]
    for expected in ("No, the step size.", "λ <b>overshoots</b>", "confidence 90 %", "lr = 0.1"):
        assert expected in why


def test_what_ran_is_said(whole):
    head = whole.sections[""]
    assert "The article's sparse network" in head
    assert "2026-03-01 12:30:00 UTC" in head
    assert "2026-03-01 12:30:12 UTC, after 12 s" in head
    assert "gaussian 100 × 10, full batch" in head
    runs = whole.sections["runs"]
    assert "adam-sgd" in runs
    assert "forked from adam at step 700" in runs
    assert "All runs have the same learning rate" in runs


def test_the_preset_and_the_commands_are_there(whole):
    again = whole.sections["again"]
    assert "dicttui replay 3f9a1c" in again
    assert '[[runs]]\nname = "adam"' in again
    assert "l1_coefficient = 0.01" in again


def test_versions_and_events_are_there(whole):
    found = whole.sections["environment"]
    assert re.search(r"torch\s+2\.13\.0", found)
    assert re.search(r"\bnumpy\s+2\.4\.6", found)
    assert re.search(r"command\s+dicttui train 'a b'", found)
    assert re.search(r"code git commit\s+0af3", found)
    assert "checkpoint-1.json" in found


def test_interventions_have_their_receipts(whole):
    found = whole.sections["interventions"]
    assert "lr 0.01 → 0.02" in found
    assert "loss 0.31 → 0.33" in found
    assert "failed: nothing is recorded" in found
    assert "before lunch" in found


def test_the_table_has_the_last_and_the_best_of_every_metric(whole):
    found = whole.sections["metrics"]
    last = handmade().metrics("sgd")["mse"][-1][1]
    assert f"{last:.5g}" in found
    assert "explained variance" in found
    assert "best 0.25 at 999" in found


def test_charts_have_a_path_for_each_run(whole):
    paths = [path.get("class", "").split() for path in whole.of("path")]
    # The losses stand there twice, wide and narrow.
    assert sum("curve" in classes and "r3" in classes for classes in paths) == 2
    assert sum("ghost" in classes for classes in paths) == 2


def test_norms_before_and_after(whole):
    found = whole.sections["norms"]
    assert "0.2 to 3.1 (ratio 15.5) at the end; 0.9 to 1.2 (ratio 1.33) before; " in found
    assert "3 of 5 rows grew, 2 shrank" in found
    assert "when it was forked" in found


def test_a_run_that_diverged_says_why():
    found = Page(page(diverged()))
    assert "decoder.weight went first" in found.sections["runs"]
    assert found.sections["runs"].count("decoder.weight went first") == 1
    assert "nan" in found.sections["metrics"]


def test_objectives_that_differ_are_said_to_differ():
    experiment = handmade()
    last = experiment.frames_[-1]
    other = replace(last.runs[1], objective="sparse, mean")
    experiment.frames_[-1] = replace(last, runs=(last.runs[0], other, last.runs[2]))
    found = Page(page(experiment))
    assert "do not compare" in found.sections["runs"]
    assert "objectives differ, so that these do not compare" in found.sections["curves"]
    captions = re.findall(r"(mse|loss) ", found.sections["curves"])
    assert captions[0] == "mse"


def test_a_recording_with_nothing_in_it():
    found = Page(page(Handmade()))
    assert "Nothing was changed" in found.sections["interventions"]
    assert "nothing was recorded" in found.sections["curves"]
    assert "No norms were recorded" in found.sections["norms"]


@pytest.mark.parametrize("make", [handmade, hostile])
def test_nothing_is_loaded_and_nothing_can_run(make):
    text = page(make())
    found = Page(text)
    assert {tag for tag, _ in found.elements}.isdisjoint(
        {"script", "img", "iframe", "object", "embed", "link", "form", "video", "base",
         "foreignobject"}
    )  # fmt: skip
    for tag, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert "style" not in attributes
        if "href" in attributes:
            assert (tag, attributes["href"][0]) == ("a", "#")
    assert "url(" not in text
    assert "@import" not in text
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [m["content"] for m in found.of("meta")
                 if m.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_hostile_words_are_shown_as_they_are():
    found = Page(page(hostile()))
    shown = HOSTILE.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e")
    assert "</title><script>document.title" in found.sections["again"]
    for section in ("", "runs", "environment", "interventions"):
        assert shown in found.sections[section]


def test_the_page_replaces_a_file_as_a_whole(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("before")
    experiment = handmade()

    def damaged():
        raise RecordError("experiment.sqlite: is damaged")

    experiment.events = damaged
    with pytest.raises(ReportError, match="is damaged"):
        write_page(experiment, path)
    assert path.read_text() == "before"
    write_page(handmade(), path)
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [path]


def test_where_it_cannot_be_written(tmp_path):
    with pytest.raises(ReportError, match=r"absent/report\.html: cannot be written: No such file"):
        write_page(handmade(), tmp_path / "absent" / "report.html")


def test_a_directory_that_is_no_recording(tmp_path):
    with pytest.raises(ReportError, match=r"experiment\.sqlite"):
        write(tmp_path, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []
