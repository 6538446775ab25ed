"""Tests against the webui: the real one where a checkout is at hand, and a double of it everywhere."""
