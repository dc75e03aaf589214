"""Everything that is drawn in the terminal."""

import os

# Textual holds a repaint back until its next frame; at its own 60 frames a second a key would wait
# for up to 17 ms. It is read when Textual is imported.
os.environ.setdefault("TEXTUAL_FPS", "250")
