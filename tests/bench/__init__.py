"""Tests of the benchmarks: how figures come about, and how they are written down."""
