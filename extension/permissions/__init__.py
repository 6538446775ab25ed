"""Permissions: the levels of people, who may do what, and the record of what was done."""
