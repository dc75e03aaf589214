"""Textual's command palette, where a list that is being filled is no error."""

from textual import command


class CommandPalette(command.CommandPalette):
    """The palette; every command of the key table is in it."""

    def _action_command_list(self, action: str) -> None:
        # Pages are counted in lines, which Textual does not know of a list it has yet to lay out.
        try:
            super()._action_command_list(action)
        except KeyError:
            return
