"""The composition root: the only package that names adapters. Verbs call its functions."""
