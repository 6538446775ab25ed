"""Tests of extension.options."""
