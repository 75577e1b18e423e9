# Where `flask …` finds its commands. Secrets belong into .env, which it reads too.
FLASK_APP=backend.cli
