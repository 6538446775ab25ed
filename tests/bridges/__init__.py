"""Tests of the conversation core and its adapters."""
