"""Live loggers: what is trained is told to TensorBoard, wandb or trackio while it trains.

Each logger is a process of its own that is written to through a pipe: whatever a service's package
imports, prints, asks or waits for, the training's process does not feel it.
"""
