"""The top of the page: what ran, when, on what."""

from dicttui.record.reading import Recorded
from dicttui.report.charts.markers import chip
from dicttui.report.markup import Markup, element, joined
from dicttui.report.parts.material import Material, RunMaterial
from dicttui.report.wording import count, duration, moment

SAID = {
    "running": "still training when this page was written",
    "finished": "finished",
    "stopped": "stopped before its end",
    "crashed": "interrupted; `dicttui resume` goes on from its newest checkpoint",
}
OF_OWN_LOOPS = {"crashed": "interrupted: its own program was ended"}


def heading(material: Material) -> Markup:
    """Title, description, and the facts in a line."""
    experiment, preset = material.experiment, material.preset
    last = material.last
    said = SAID | OF_OWN_LOOPS if preset.of_own_loop else SAID
    facts = [
        ("began", moment(experiment.began)),
        ("ended", _ended(experiment)),
        ("data", last.data if last and last.data else preset.data.kind),
        ("seed", str(preset.training.seed)),
        ("device", ", ".join(dict.fromkeys(_devices(material))) or preset.training.device),
        ("preset", preset.source),
    ]
    return element(
        "header",
        element(
            "p",
            element("span", "dicttui", class_="brand"),
            element("span", f"experiment {experiment.id}"),
            element(
                "span",
                experiment.state,
                class_=f"state {experiment.state}",
                title=said.get(experiment.state, ""),
            ),
            class_="eyebrow",
        ),
        element("h1", material.title),
        (element("p", part, class_="about") for part in _paragraphs(preset.about)),
        element(
            "dl",
            (element("div", element("dt", name), element("dd", value)) for name, value in facts),
            class_="facts",
        ),
    )


def legend(material: Material) -> Markup:
    """The runs' names beside their colours and shapes."""
    return element(
        "ul",
        (element("li", chip(run.place), run.name) for run in material.runs),
        class_="legend",
    )


def run_name(run: RunMaterial) -> Markup:
    """A run's name beside its colour and shape."""
    return joined(chip(run.place), element("span", run.name, class_="run-name"))


def progress(run: RunMaterial) -> str:
    """How far a run has come: "1,000 steps", "400 of 1,000 steps"."""
    made, target = run.recorded.steps, run.recorded.target
    return f"{count(made)} steps" if made >= target else f"{count(made)} of {count(target)} steps"


def _ended(experiment: Recorded) -> str:
    ended = experiment.ended
    if ended is None or experiment.state == "running":
        return "not yet"
    after = duration((ended - experiment.began).total_seconds())
    return f"{moment(ended)}, after {after}"


def _devices(material: Material) -> list[str]:
    return [run.picture.device for run in material.runs if run.picture and run.picture.device]


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
