"""The tests of Familiar; they mirror the package."""
