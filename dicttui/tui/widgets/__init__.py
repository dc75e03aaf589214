"""Widgets: each draws what it is given; none has a timer or knows a trainer."""
