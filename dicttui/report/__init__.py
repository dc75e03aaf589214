"""What leaves the program: exports, live loggers, the report of a recorded experiment."""
