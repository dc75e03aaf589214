"""The app on its terminal as `dicttui PRESET --no-record` opens it, and its steps reported.

python -m dicttui.bench.watched PIPE PRESET REFRESH
"""

import fcntl
import gc
import sys
import termios
from pathlib import Path


def main() -> None:
    """Show the training until the process is ended."""
    gc.disable()
    # Its own terminal's going away is to end it, whatever became of who started it.
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    from dicttui.bench.reporting import Pipe, Reporter
    from dicttui.preset.reading import read
    from dicttui.tui.launch import run
    from dicttui.tui.opening import Opened

    reporter = Reporter(Pipe(int(sys.argv[1])), None)
    sys.exit(
        run(
            Opened(preset=read(sys.argv[2]), observers=(reporter,)),
            refresh=float(sys.argv[3]),
            state_directory=Path(sys.argv[2]).parent,
        )
    )


if __name__ == "__main__":
    main()
