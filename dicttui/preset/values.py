"""What some keys of a preset may say, for who needs no more of a preset than that: what checks one
takes a tenth of a second to import.
"""

from typing import Literal

Constraint = Literal["none", "unit_norm", "max_norm"]
"""On the rows of the network's atoms."""
Projection = Literal["none", "gradient", "update"]
Schedule = Literal["constant", "warmup", "linear", "cosine"]
Precision = Literal["float32", "tf32", "bfloat16"]

WATCHED = "watched"
"""The kind of data and networks of which a person's own program is the master (`watch`)."""
MOST_RUNS = 16
"""Of one experiment, forks among them: a screen, and a person, can follow no more."""
