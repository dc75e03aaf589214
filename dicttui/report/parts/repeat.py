"""How to have it again: the commands, and the preset in full."""

from dicttui.report.markup import Markup, element
from dicttui.report.parts.material import Material
from dicttui.report.preset_toml import toml


def repeat(material: Material) -> Markup:
    """The commands that repeat the experiment, and its preset as a file."""
    preset = material.preset
    if preset.of_own_loop:
        return element(
            "section",
            element("h2", "To have it again"),
            element(
                "p",
                "A program of one's own trained this, and dicttui watched it: that program alone "
                "can train it again.",
            ),
            id="again",
        )
    notes = []
    if getattr(preset.data, "path", None):
        notes.append(f"Relative paths in it start from {preset.directory}.")
    if any(run.network.kind == "user" for run in preset.runs):
        notes.append("It imports a network of one's own, which is not in this page.")
    return element(
        "section",
        element("h2", "To have it again"),
        element(
            "p",
            "This trains it again, with every intervention at its step, and compares each loss to "
            "the bit:",
        ),
        element("pre", element("code", f"dicttui replay {material.experiment.id}")),
        element(
            "p",
            "And this trains the preset without the recording, from the text below saved as ",
            element("code", "again.toml"),
            ":",
        ),
        element("pre", element("code", "dicttui train ./again.toml")),
        (element("p", note, class_="quiet") for note in notes),
        element(
            "details",
            element("summary", "The preset, with every key as it was"),
            element("pre", element("code", toml(preset), id="preset")),
            open=len(toml(preset).splitlines()) <= 60,
        ),
        id="again",
    )
