"""Code of a person's own that a preset brings along."""

from dicttui.preset.model import Preset
from dicttui.preset.networks import UserNetwork


def code_notice(preset: Preset) -> str | None:
    """What to say before a person's code is imported; None if a preset brings none."""
    networks = [run.network for run in preset.runs]
    factories = dict.fromkeys(net.factory for net in networks if isinstance(net, UserNetwork))
    if not factories:
        return None
    return (
        f"{preset.source} runs code of its own: importing {', '.join(factories)} "
        f"(looked for in {preset.directory.resolve()} first)"
    )
