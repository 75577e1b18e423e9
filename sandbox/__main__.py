"""python -m sandbox up | env | down | reset | rotate-keys"""

import argparse
import os
import shutil
import signal
import sys

import psycopg

from sandbox import instance
from sandbox.credentials import ensure_credentials
from sandbox.environment import dotenv, environment
from sandbox.settings import SandboxError, Settings, read_settings

STOP_SECONDS_MAX = 90
# What a shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Postgres, PostgREST, Auth and Stripe on this machine. "
        "PORT is the first of seven ports (8000), SANDBOX_DATA the folder (.data).",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up_command = commands.add_parser("up", help="start everything; Ctrl-C stops it")
    up_command.add_argument(
        "--only", metavar="PARTS", help="start these parts alone, e.g. postgres,postgrest"
    )
    commands.add_parser("env", help="print the addresses and keys of the running sandbox")
    commands.add_parser("down", help="stop the running sandbox")
    commands.add_parser("reset", help="delete the data of the stopped sandbox")
    commands.add_parser("rotate-keys", help="sign access tokens with a new key from now on")
    arguments = parser.parse_args()
    try:
        settings = read_settings()
        match arguments.command:
            case "up":
                up(settings, arguments.only)
            case "env":
                print(env(settings), end="")
            case "down":
                down(settings)
            case "reset":
                reset(settings)
            case "rotate-keys":
                print(rotate_keys(settings))
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def up(settings: Settings, only: str | None) -> None:
    # Imported here: the other commands answer sooner without it.
    from sandbox import supervisor

    wanted = set(only.split(",")) | {"postgres"} if only else supervisor.PARTS
    unknown = wanted - supervisor.PARTS
    if unknown:
        raise SandboxError(f"no such part: {', '.join(sorted(unknown))}")
    supervisor.run(settings, wanted)


def env(settings: Settings) -> str:
    running = _running(settings)
    return dotenv(environment(running, ensure_credentials(running.data)))


def down(settings: Settings) -> None:
    running = instance.running_instance(settings.data)
    if running is None:
        print("no sandbox is running here")
        return
    os.kill(running["pid"], signal.SIGTERM)
    if not instance.wait_until_stopped(settings.data, STOP_SECONDS_MAX):
        raise SandboxError(f"process {running['pid']} has not stopped in {STOP_SECONDS_MAX} s")


def reset(settings: Settings) -> None:
    if not settings.data.exists() or not any(settings.data.iterdir()):
        return
    if not (settings.data / instance.LOCK).exists():
        raise SandboxError(f"{settings.data} is no folder of the sandbox; nothing was deleted.")
    with instance.sole_instance(settings.data):
        shutil.rmtree(settings.data)


def rotate_keys(settings: Settings) -> str:
    """The id of the new key; tokens signed with the one before are still accepted."""
    from sandbox import signing_keys

    running = _running(settings)
    secret = ensure_credentials(running.data)["SUPABASE_JWT_SECRET"]
    key_id = signing_keys.rotate(running.data, secret)
    with psycopg.connect(running.database_url("supabase_admin"), connect_timeout=5) as database:
        database.execute("notify pgrst, 'reload config'")
    return key_id


def _running(settings: Settings) -> Settings:
    """The settings of the sandbox that runs on this data folder, whatever PORT says here."""
    running = instance.running_instance(settings.data)
    if running is None:
        raise SandboxError("no sandbox is running here; `python -m sandbox up` starts one.")
    return read_settings(port=running["port"])


if __name__ == "__main__":
    sys.exit(main())
