"""Runs, experiments, sessions: everything that trains."""
