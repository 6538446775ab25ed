"""The parts of the `familiar` command line."""
