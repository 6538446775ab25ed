"""Benchmarks: commands that print JSON."""
