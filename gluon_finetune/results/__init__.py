"""Results of a run: predictions, metrics, figures and the report."""
