"""Inside text-generation-webui: the hooks, and the only code that imports the webui's `modules`."""
