"""What there is to see before the training is."""

from dicttui.preset.model import Preset
from dicttui.preset.trust import code_notice
from dicttui.training.snapshot import Snapshot


def loading(preset: Preset, doing: str, sequence: int) -> Snapshot:
    """A snapshot of a session that is being prepared; it names the code a preset brings along
    before any of it is imported.
    """
    notice = code_notice(preset)
    return Snapshot(
        sequence=sequence,
        state="loading",
        detail=f"{doing}\n{notice}" if notice else doing,
        title=preset.title,
        about=preset.about,
        source=preset.source,
    )
