"""Failure modes, one a file."""
