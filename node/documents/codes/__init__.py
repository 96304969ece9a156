"""Code lists that rules use, each with its source."""
