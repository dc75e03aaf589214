"""Charts as SVG, in the colours of the page they stand on; no script, no style of their own."""
