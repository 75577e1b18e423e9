"""Business verbs, free of Flask."""
