"""What the module needs to run, what it remembers of the last session, and how to report a problem."""
