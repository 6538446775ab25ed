"""Google Drive: the folder a person named, and documents put into it."""
