"""Documents in: what a person hands over is read, cut into passages, and kept in the library."""
