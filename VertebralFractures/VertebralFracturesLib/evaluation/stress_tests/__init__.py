"""Stress tests: CTs as difficult as practice makes them, with what is to be found in them."""
