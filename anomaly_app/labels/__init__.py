"""Labels on the command line: said, taken back, listed, and read from a file of outcomes."""
