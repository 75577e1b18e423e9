"""The doors to the outside: nothing else in the backend opens a socket."""
