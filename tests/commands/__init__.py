"""Tests of extension.commands."""
