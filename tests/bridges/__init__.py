"""Tests of the conversation core and its adapters."""

import pytest

pytest.register_assert_rewrite("tests.bridges.conformance")
