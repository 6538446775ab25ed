"""Tests of interaction memory."""
