"""Comparing what the product detects with reference cases: matching, measures of error, and their tables."""
