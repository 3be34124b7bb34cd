"""A list of cases to read: which there are, how far each reader has come, and how far readers agree."""
