"""The files that `make install` puts into the webui's user_data/tools, for its model to call."""
