"""What every test stands on."""

import os
import signal

# A shell starts what runs in the background with Ctrl-C ignored, nohup ignores SIGHUP, and children
# inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

os.environ["DICTTUI_SIMULATED_DEVICE"] = "1"
# What is about the diagnosis switches it on; everywhere else it would only take time.
os.environ.setdefault("DICTTUI_DIAGNOSIS", "off")

import torch

from dicttui.training import simulated_device

# It has to be there before the first backward pass of the process.
simulated_device.install_if_asked()

# These tensors are tiny: a second thread costs more than it brings.
torch.set_num_threads(1)
