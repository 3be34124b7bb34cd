"""The networks in torch, arrays in and arrays out, with their weights: those of a CT and those of a radiograph."""
