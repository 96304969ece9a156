"""Ways to a partner: one call, one try, and the truth about how it went."""
