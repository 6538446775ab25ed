"""How good clones are: told by who wrote what, by figures about their texts, and by a person who looks at a sheet of them."""
