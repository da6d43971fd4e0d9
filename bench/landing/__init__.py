"""The offline landing benchmark: a stack of patches through every policy of landing."""
