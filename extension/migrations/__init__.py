"""The schema of the diary, as numbered migrations that are never edited once released."""
