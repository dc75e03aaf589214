"""Exports of a recorded experiment, one file a format."""
