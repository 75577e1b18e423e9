"""No program outlives the supervisor, not even when that is killed with -9."""

import shutil
import signal

from sandbox.settings import SandboxError


def leashed(
    command: list[str], stop_signal: signal.Signals, identity: tuple[str, ...] = ()
) -> list[str]:
    """`command`, to be sent `stop_signal` by the kernel when the process that starts it ends.

    `identity` are setpriv's options for running it as another user. setpriv makes the wish after
    the change of user, which would forget it, and then becomes the command: same process id.
    """
    if shutil.which("setpriv") is None:
        raise SandboxError("this needs Linux, and there the program setpriv (of util-linux).")
    wish = ["--pdeathsig", stop_signal.name.removeprefix("SIG")]
    return ["setpriv", *identity, *wish, "--", *command]
