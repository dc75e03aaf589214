"""A process that trains in the background and logs live: `python -m dicttui.report.background`."""

import sys

from dicttui.report.loggers import observers
from dicttui.serve.background import main

if __name__ == "__main__":
    sys.exit(main(observers))
