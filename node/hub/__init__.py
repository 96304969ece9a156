"""Ways to the domestic hub."""
