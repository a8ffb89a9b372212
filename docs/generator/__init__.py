"""Makes those pages of docs/ that follow from the code: docs/generate calls it."""
