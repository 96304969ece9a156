"""Partners and what was agreed with them: data read strictly from TOML files, frozen, versioned."""
