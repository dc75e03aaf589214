"""How fast dicttui trains on this machine, as ratios to a bare training loop.

Every training that is measured has a process of its own. They take turns: while one is measured
the others are stopped, so that whatever else the machine does falls on all of them alike.
"""
