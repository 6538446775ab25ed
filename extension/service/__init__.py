"""The program that runs the bridges: its process, what holds it, how it is, and how others start and stop it."""
