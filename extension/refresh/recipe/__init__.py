"""The recipe of an adapter: everything that decides what a training makes of which chats, in one YAML file."""
