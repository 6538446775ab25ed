"""One module for each family of formats; `formats` says which of them reads a file."""
