"""Studies: questions that take more than one evaluation, or another kind of reference."""
