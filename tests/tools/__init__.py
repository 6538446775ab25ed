"""Tests of what a model may do with memory by itself."""
