"""No program outlives the supervisor, not even when that is killed with -9."""

import signal


def leashed(
    command: list[str], stop_signal: signal.Signals, identity: tuple[str, ...] = ()
) -> list[str]:
    """`command`, to be sent `stop_signal` by the kernel when the process that starts it ends.

    `identity` are setpriv's options for running it as another user. setpriv makes the wish after
    the change of user, which would forget it, and then becomes the command: same process id.
    """
    wish = ["--pdeathsig", stop_signal.name.removeprefix("SIG")]
    return ["setpriv", *identity, *wish, "--", *command]
