"""One file for each program of the sandbox; each tells how that program is run."""
