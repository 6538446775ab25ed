"""Loading models from two threads at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

TWO_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from extension.loading import loading

start = Barrier(2)

def embedding():
    start.wait()
    with loading():
        from sentence_transformers import SentenceTransformer
        return SentenceTransformer.__name__

def model():
    start.wait()
    with loading():
        import transformers
        return transformers.AutoTokenizer.__name__

with ThreadPoolExecutor(2) as threads:
    print(sorted(one.result() for one in (threads.submit(embedding), threads.submit(model))))
"""


@pytest.mark.model
def test_two_threads_that_load_at_once_both_find_all_of_transformers():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", TWO_AT_ONCE], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['AutoTokenizer', 'SentenceTransformer']", done.stderr


def test_a_load_may_load_within_itself_and_the_bars_come_back():
    from transformers.utils import logging

    from extension.loading import loading

    logging.enable_progress_bar()
    with loading(), loading():
        assert not logging.is_progress_bar_enabled()
    assert logging.is_progress_bar_enabled()
