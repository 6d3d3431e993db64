"""Scenarios, designs, runs, results, figures and the command line."""
