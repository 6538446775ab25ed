"""A small stand-in for the webui's own `modules` package: just what an extension may import, in the host's order of calls."""
