"""A PostgreSQL, a Chroma server and a Synapse for one run of the tests: private, shared by its workers, and gone with it.

Each is started at its first use by a process of its own, a keeper, which ends it once the run has ended, however it ended.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from filelock import FileLock

TEMPORARY = Path(tempfile.gettempdir())
PATIENCE = 60.0
INITDB = ("--username=familiar", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=200")
"""Nothing of it need survive a power cut."""
ROOT = Path(__file__).resolve().parent.parent
SECRET = "for tests alone"
HOMESERVER = """
server_name: lab.test
signing_key_path: {folder}/signing.key
pid_file: {folder}/homeserver.pid
media_store_path: {folder}/media
log_config: {folder}/log.yaml
listeners: [{{port: {port}, type: http, bind_addresses: ["127.0.0.1"], resources: [{{names: [client]}}]}}]
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
registration_shared_secret: for tests alone
macaroon_secret_key: for tests alone
form_secret: for tests alone
bcrypt_rounds: 4
report_stats: false
trusted_key_servers: []
suppress_key_server_warning: true
presence: {{enabled: false}}
url_preview_enabled: false
max_upload_size: 5M
"""
LOGGING = """
version: 1
handlers: {{file: {{class: logging.FileHandler, filename: {folder}/homeserver.log}}}}
root: {{level: WARNING, handlers: [file]}}
"""
MUCH = "{per_second: 10000, burst_count: 10000}"
UNLIMITED = f"""
rc_message: {MUCH}
rc_registration: {MUCH}
rc_login: {{address: {MUCH}, account: {MUCH}, failed_attempts: {MUCH}}}
rc_joins: {{local: {MUCH}, remote: {MUCH}}}
rc_joins_per_room: {MUCH}
rc_room_creation: {MUCH}
rc_invites: {{per_room: {MUCH}, per_user: {MUCH}, per_issuer: {MUCH}}}
rc_key_requests: {MUCH}
rc_admin_redaction: {MUCH}
"""
"""What would be asked for otherwise is patience."""


Started = tuple[subprocess.Popen[bytes], str, Callable[[], bool]]
"""A server, its URL, and whether it answers by now."""


def address(kind: str) -> str:
    """Return the URL of this run's server of a kind, `postgres`, `chroma` or `synapse`. Raises RuntimeError where it cannot start."""
    run = psutil.Process(os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid())
    folder = TEMPORARY / f"familiar-servers-{run.pid}-{run.create_time():.0f}"
    folder.mkdir(exist_ok=True)
    told = folder / f"{kind}.url"
    with FileLock(folder / f"{kind}.lock"):
        if not told.exists():
            command = [sys.executable, __file__, kind, str(folder), str(run.pid)]
            subprocess.run(["sh", "-c", '"$@" >"$0" 2>&1 &', str(folder / f"{kind}.log"), *command], check=True)
            until(told.exists, f"The {kind} server did not start: see {folder / kind}.log")
    return told.read_text()


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest ones; Debian keeps them out of the PATH."""
    debians = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = debians[-1] if debians else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def postgres(folder: Path) -> Started:
    """Start a PostgreSQL on a socket in `folder`."""
    where = programs()
    assert where is not None
    user: list[str] = []
    if os.geteuid() == 0:  # as root it would not run
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        shutil.chown(folder, "postgres", "postgres")
    if not (folder / "data").exists():
        subprocess.run([*user, str(where / "initdb"), *INITDB, "-D", str(folder / "data")], check=True, stdout=subprocess.DEVNULL)
    settings = ["listen_addresses=", f"unix_socket_directories={folder}", *QUICK]
    options = [word for setting in settings for word in ("-c", setting)]
    process = subprocess.Popen([*user, str(where / "postgres"), "-D", str(folder / "data"), *options])
    ready = [str(where / "pg_isready"), "--quiet", "--host", str(folder)]
    return process, f"postgresql://familiar@/postgres?host={folder}", lambda: subprocess.run(ready, check=False).returncode == 0


def chroma(folder: Path) -> Started:
    """Start a Chroma server with its files in `folder`, on the same port each time."""
    port = _port(folder)
    command = [Path(sys.executable).with_name("chroma"), "run", "--path", folder, "--host", "127.0.0.1", "--port", port]
    return (
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
        f"http://127.0.0.1:{port}",
        lambda: _answers(f"http://127.0.0.1:{port}/api/v2/heartbeat"),
    )


def homeserver() -> Path | None:
    """Return the Python that has Synapse, where FAMILIAR_TEST_SYNAPSE says or `make synapse` put it; None where there is none."""
    named = os.environ.get("FAMILIAR_TEST_SYNAPSE")
    found = Path(named) if named else ROOT / ".cache" / "synapse-venv" / "bin" / "python"
    return found if found.exists() else None


def synapse(folder: Path, limits: str = UNLIMITED) -> Started:
    """Start a Synapse with its files in `folder`, on the same port each time, that lets people send as much as they like."""
    program = homeserver()
    assert program is not None
    port = _port(folder)
    (folder / "log.yaml").write_text(LOGGING.format(folder=folder))
    (folder / "signing.key").write_text(f"ed25519 a_test {base64.b64encode(b'familiar' * 4).decode().rstrip('=')}\n")
    (folder / "homeserver.yaml").write_text(HOMESERVER.format(folder=folder, port=port) + limits)
    command = [program, "-m", "synapse.app.homeserver", "--config-path", folder / "homeserver.yaml"]
    environ = {**os.environ, "PYTHONWARNINGS": "ignore", "SYNAPSE_CACHE_FACTOR": "1.0"}
    process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return process, f"http://127.0.0.1:{port}", lambda: _answers(f"http://127.0.0.1:{port}/_matrix/client/versions")


def _port(folder: Path) -> str:
    """Return the port of a server with its files in `folder`, the same each time."""
    told = folder / "port"
    if not told.exists():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            told.write_text(str(free.getsockname()[1]))
    return told.read_text()


def until(done: Callable[[], bool], failure: str) -> None:
    """Wait until something is so. Raises RuntimeError when it takes too long."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(failure)
        time.sleep(0.02)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):
            return True
    except (URLError, OSError):
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server, whatever it is doing."""
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    process.kill()
    process.wait()


class Mortal:
    """A server of one test, which may be stopped, ended and started again."""

    def __init__(self, start: Callable[[Path], Started]) -> None:
        self._start = start
        self._folder = Path(tempfile.mkdtemp(prefix="familiar-server-", dir=TEMPORARY))
        self.start()

    def start(self) -> None:
        """Start it, at the same address as before."""
        self.process, self.url, ready = self._start(self._folder)
        until(ready, "It does not answer.")

    def end(self) -> None:
        """End it."""
        end(self.process)

    def pause(self) -> None:
        """Let it answer nothing, while its port still takes connections."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it and remove its files."""
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)


def keep(start: Callable[[Path], Started], folder: Path, run: psutil.Process) -> None:
    """Keep a server up while a run lasts, then end it and remove what it wrote."""
    own = folder / start.__name__
    own.mkdir()
    process, url, ready = start(own)
    try:
        until(ready, "It does not answer.")
        told = folder / f"{start.__name__}.url"
        told.with_suffix(".new").write_text(url)
        told.with_suffix(".new").rename(told)
        while _lasts(run) and process.poll() is None:
            time.sleep(0.3)
    finally:
        end(process)
        shutil.rmtree(own if _lasts(run) else folder, ignore_errors=True)


def _lasts(run: psutil.Process) -> bool:
    return run.is_running() and run.status() != psutil.STATUS_ZOMBIE


if __name__ == "__main__":
    os.setsid()  # Ctrl+C is for the run, not for us
    keep({"postgres": postgres, "chroma": chroma, "synapse": synapse}[sys.argv[1]], Path(sys.argv[2]), psutil.Process(int(sys.argv[3])))
