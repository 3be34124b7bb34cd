"""Comparing what the product finds with reference cases: matching, measures of error, and their tables."""
