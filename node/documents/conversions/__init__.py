"""One file for each form that papers are told in besides their own; each ends in its FORMS."""
