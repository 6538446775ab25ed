"""A unit for systemd, which starts the bridge at every login and after every crash, with its secrets in files that only it can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import StoreError
from ..settings import PASSWORD, PREFIX, SECRETS, Settings, replace_text
from .adapters import Adapter
from .supervision import here

NAME = "familiar-bridge.service"
UNIT = """\
# Written by `familiar bridge --as-service`. See docs/bridges.md.
[Unit]
Description=Familiar on {platforms}
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
WorkingDirectory={folder}
ExecStart={command}
{environment}Restart=on-failure
RestartSec=20
TimeoutStopSec=60
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""
OTHERS = ("api_key", "enrich_api_key", "chroma_token")
"""Secrets that the bridge may need beside those of its platforms."""


def write(adapters: Sequence[Adapter], settings: Settings, environ: Mapping[str, str], given: Sequence[str] = ()) -> list[str]:
    """Write the unit for these platforms, with what the environment says now, and return what is left to do. No secret is written.

    `given` are words for the command line. Raises StoreError where it cannot be written.
    """
    base = Path(environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    path = base / "systemd" / "user" / NAME
    secrets = _secrets(adapters, settings, environ, base / "familiar")
    kept = {name: value for name, value in sorted(environ.items()) if _is_kept(name, value)}
    replace_text(path, unit(adapters, [*given, "--data-dir", str(settings.data_dir)], kept, secrets), 0o600)
    lines = [f"Wrote {path}."]
    if PASSWORD.search(settings.database_url):
        lines.append(f"{PREFIX}DATABASE_URL holds a password, so it is not in there: give it without, and the password in ~/.pgpass.")
    lines += [
        f"Put the {name.replace('_', ' ')}, alone, into {file}:  install -m 600 /dev/stdin {_quoted(str(file))}"
        for name, file in secrets.items()
        if not file.is_file()
    ]
    try:
        (base / "familiar").mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreError(f"Cannot write {base / 'familiar'}: {exc.strerror}.") from exc
    return [
        *lines,
        f"Then: systemctl --user daemon-reload && systemctl --user enable --now {NAME}",
        "So that it runs while you are not logged in: loginctl enable-linger",
        f"What it says: journalctl --user -u {NAME}",
    ]


def unit(adapters: Sequence[Adapter], given: Sequence[str], kept: Mapping[str, str], secrets: Mapping[str, Path]) -> str:
    """Return the unit's text."""
    found = here()
    words = (str(found.python), "-m", found.module, "bridge", *(each.name for each in adapters), *given)
    lines = [f"Environment={_quoted(f'{name}={value}')}" for name, value in kept.items()]
    for name, file in secrets.items():
        lines.append(f"LoadCredential={name}:{_escaped(str(file))}")
        lines.append(f"Environment={PREFIX}{name.upper()}_FILE=%d/{name}")
    return UNIT.format(
        platforms=" and ".join(each.title for each in adapters),
        folder=_escaped(str(found.folder)),
        command=" ".join(_quoted(word).replace("$", "$$") for word in words),
        environment="".join(f"{line}\n" for line in lines),
    )


def _secrets(adapters: Sequence[Adapter], settings: Settings, environ: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Return the file of each secret that is needed: the one that the environment names, or one in our own folder."""
    needed = {_given(names, settings) for each in adapters for names in each.needs if names[0] in SECRETS}
    needed |= {name for name in OTHERS if getattr(settings, name).get_secret_value()}
    return {name: Path(environ.get(f"{PREFIX}{name.upper()}_FILE") or folder / name).expanduser().absolute() for name in sorted(needed)}


def _given(names: Sequence[str], settings: Settings) -> str:
    """Return which of some secrets, of which one is enough, is set; the first where none is."""
    return next((name for name in names if getattr(settings, name).get_secret_value()), names[0])


def _is_kept(variable: str, value: str) -> bool:
    name = variable.removeprefix(PREFIX).removesuffix("_FILE").lower()
    ours = variable.startswith(PREFIX) and variable != f"{PREFIX}DATA_DIR"
    return ours and bool(value) and name not in SECRETS and not PASSWORD.search(value)


def _quoted(text: str) -> str:
    """Return a word as systemd reads it, whatever is in it."""
    inside = _escaped(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inside}"'


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
