"""The files in which a person's samples may lie, one file a format."""
