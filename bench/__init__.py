"""Ratios against a baseline of the same run: overhead, makespan, start-up, check. Not shipped."""
