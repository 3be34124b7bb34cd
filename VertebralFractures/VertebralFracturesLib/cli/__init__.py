"""The command ``vertebral-fractures``: one file a command; those for research are a package of their own."""
