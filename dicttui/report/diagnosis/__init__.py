"""A diagnosis as text for a person and as JSON, from plain numbers alone."""
