"""A host with the extension in it, as the scenarios see it: the real one in a browser, or its double."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .browser import HostPage
from .double import HostDouble, Residence
from .environment import ROOT
from .server import HostServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EXTENSION = ROOT / "extension"


class Scene(Protocol):
    """What a scenario acts on (`host`) and looks at."""

    host: Any
    """A HostPage or a HostDouble: they have the same actions."""

    def diary(self) -> list[dict[str, Any]]:
        """Return what is remembered as `familiar memory list --json` prints it, oldest first."""

    def shown(self) -> str:
        """Return the memories that the model was given for the newest reply of the chat on the page, '' for none."""

    def remember_only(self) -> None:
        """Switch memories off in the panel: what is said is still kept."""

    def recall_again(self) -> None:
        """Switch memories on in the panel."""

    def restart(self, ticked: bool = True) -> None:
        """Restart the interface as the Session tab does, with the extension ticked or not."""


class DoubleScene:
    """The double with the extension in this process. Words stand in for meaning: no model is loaded."""

    def __init__(self, host: HostDouble) -> None:
        self.host = host

    @property
    def _extension(self) -> Any:
        return sys.modules["extension.webui.hooks"].extension  # type: ignore[attr-defined]

    def diary(self) -> list[dict[str, Any]]:
        from extension.cli.which import plain

        return sorted((plain(exchange) for exchange in self._extension.app.memories.diary.browse()), key=lambda entry: entry["id"])

    def shown(self) -> str:
        _, fence, rest = self.host.model.prompts[-1].partition("<memories>")
        return rest.partition("</memories>")[0] if fence else ""

    def remember_only(self) -> None:
        self._extension.preferences.change(self._extension.app.settings, enabled=False)

    def recall_again(self) -> None:
        self._extension.preferences.change(self._extension.app.settings, enabled=True)

    def restart(self, ticked: bool = True) -> None:
        self.host.restart(["familiar"] if ticked else [])


class RealScene:
    """The real host and a page of it in a browser, its memories looked at with the command line."""

    def __init__(self, host: HostPage, data_dir: Path) -> None:
        self.host, self.data_dir = host, data_dir

    def diary(self) -> list[dict[str, Any]]:
        return entries(self.data_dir)

    def shown(self) -> str:
        self.host.page.click("#familiar-refresh")
        self.host.settle()
        return "\n".join(self.host.page.locator("#familiar-why article").all_inner_texts())

    def remember_only(self) -> None:
        self._enable(False)

    def recall_again(self) -> None:
        self._enable(True)

    def _enable(self, on: bool) -> None:
        self.host.page.locator("#familiar-enabled input").set_checked(on)
        self.host.settle()

    def restart(self, ticked: bool = True) -> None:
        self.host.restart({"familiar": ticked})


def entries(data_dir: Path) -> list[dict[str, Any]]:
    """Return what a data directory remembers, oldest first, asked of the command line of our own environment."""
    found: list[dict[str, Any]] = json.loads(familiar("memory", "list", "--json", "--limit", "0", data_dir=data_dir))
    return sorted(found, key=lambda entry: int(entry["id"]))


def familiar(*arguments: str, data_dir: Path) -> str:
    """Run our command line on a data directory, and return what it answers."""
    command = [sys.executable, "-m", "extension", *arguments, "--data-dir", str(data_dir)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def double_scene(folder: Path, lives: Residence) -> Iterator[DoubleScene]:
    """Yield the double with the extension; FAMILIAR_DATA_DIR says where it remembers. The process is as before afterwards."""
    sys.modules.pop("extension.webui.hooks", None)
    try:
        with HostDouble(folder, EXTENSION, lives=lives) as host:
            yield DoubleScene(host)
    finally:
        hooks = sys.modules.pop("extension.webui.hooks", None)
        if hooks is not None:
            hooks.extension.app.close()
        for handler in list(logging.getLogger("extension").handlers):
            handler.close()
            logging.getLogger("extension").removeHandler(handler)


@contextmanager
def real_scene(browser: Browser, server: HostServer, data_dir: Path, shots: Path) -> Iterator[RealScene]:
    """Yield a page of a running server. If the test fails, `shots` (a folder and the beginning of a name) gets a picture of it."""
    page = HostPage(browser, server)
    try:
        yield RealScene(page, data_dir)
    except BaseException:
        page.shoot(shots.with_suffix(".png"))
        raise
    finally:
        page.close()
