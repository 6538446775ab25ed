"""What a model may do with memory by itself: search it, add to it, forget; over MCP, or inside the webui."""
