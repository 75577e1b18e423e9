"""The API under /v1: one file per resource, and the way that every request takes."""
