"""`python -m dicttui` is `dicttui`."""

import sys

from dicttui.cli import main

sys.exit(main())
