"""A small spreadsheet for the terminal."""
