"""Why a run does not converge: measured, suspected, tried on the run itself; one file a cause."""
