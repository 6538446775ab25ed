"""The logger the host hands to extensions."""

import logging

logger = logging.getLogger("textgen")
