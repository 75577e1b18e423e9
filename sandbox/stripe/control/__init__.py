"""For tests and the console, never for the backend: what was asked,
what shall fail, what is sent."""
