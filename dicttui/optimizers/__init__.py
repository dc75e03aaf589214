"""Optimizers by name, their parameter groups, schedules, and constraints on atoms."""
