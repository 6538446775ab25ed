"""Tests of what runs a model."""
