"""The columns of the result tables: name, title, unit and meaning of each, which the data dictionary repeats."""
