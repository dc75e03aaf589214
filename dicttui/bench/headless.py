"""A session without the app, as fast as it goes.

python -m dicttui.bench.headless PIPE PRESET
"""

import sys

from dicttui.bench.reporting import Pipe, Reporter
from dicttui.preset.reading import read
from dicttui.training.session import Session

LOOK_EVERY = 0.02
"""Seconds between two looks at the engine until it has settled; afterwards nobody looks."""


def main() -> None:
    """Train until the process is ended."""
    reporter = Reporter(Pipe(int(sys.argv[1])), LOOK_EVERY)
    session = Session(read(sys.argv[2]), paced=False, observers=[reporter])
    session.start()
    session.wait()
    sys.exit(session.latest().detail or "the training has ended")


if __name__ == "__main__":
    main()
