"""Where each field of each kind of paper has its home in the WCO Data Model 3, as tables that a test holds complete."""
