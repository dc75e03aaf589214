"""What is kept of an experiment on disk, and read back; observes training, and needs no torch until
tensors are written or read.
"""
