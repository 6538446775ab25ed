"""Options: what people choose for a conversation, with types and ranges, in layers from everywhere down to one person."""
