"""What a shell reports of a program that a signal ended."""

SIGNALLED = 128
"""This and the number of the signal."""
