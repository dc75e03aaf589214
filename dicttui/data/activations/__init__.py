"""Samples that stay on disk: shards of activations, larger than memory, read as they are needed.

Files are read at the places where their rows lie, and never mapped into memory: what is read is
all that is held, and a file that is cut short meanwhile is an error to tell of, where a mapped one
would end the program.
"""
