"""Tests of extension.permissions."""
