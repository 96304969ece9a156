"""Bytes, keys, trust and a moment in; a typed verdict or one error out. No socket, database or clock in here."""
