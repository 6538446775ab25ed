"""Starts the host's server.py on the Gradio that PyPI has, without editing a file of the host.

The host pins a fork of Gradio 4.37.2 that only GitHub carries. This script stands in for what the fork adds, then runs
`server.py` of the current directory as `__main__`. It is run by the host's own Python, so it imports nothing of ours:

    cd webui && python .../launch.py --cpu --api ...
"""

import runpy
import sys
from typing import Any


def _hub_has_a_token_folder() -> None:
    """Gradio 4.37 imports `HfFolder`, which huggingface_hub 1.x no longer has."""
    import huggingface_hub

    if "HfFolder" not in dir(huggingface_hub):
        huggingface_hub.HfFolder = type("HfFolder", (), {"get_token": staticmethod(lambda: None)})


def _schemas_may_be_booleans() -> None:
    """gradio_client 1.0 looks for keys in a schema that is plain `True` where pydantic 2.11 wrote it."""
    from gradio_client import utils

    inner = utils._json_schema_to_python_type

    def python_type(schema: Any, definitions: Any) -> str:
        return "Any" if isinstance(schema, bool) else inner(schema, definitions)

    utils._json_schema_to_python_type = python_type


def _fork_components_exist() -> None:
    """`gr.Headless` holds a value that is only for JavaScript, `gr.DragDrop` a list to reorder: two plain components do."""
    import gradio

    def headless(value: Any = None, **_: Any) -> Any:
        return gradio.JSON(value=value, visible=False)

    def drag_drop(value: Any = None, label: str | None = None, info: str | None = None, elem_classes: Any = None, **_: Any) -> Any:
        lines = "\n".join(value) if isinstance(value, list) else value
        return gradio.Textbox(value=lines, label=label, info=info, lines=8, elem_classes=elem_classes)

    gradio.Headless = headless
    gradio.DragDrop = drag_drop


def _slow_machines_are_patient() -> None:
    """Gradio ends the program when its first look at its own page takes three seconds, which it does on a busy machine."""
    from gradio import networking

    networking.url_ok = lambda url: True


def _blocks_ignore_the_theme_flag() -> None:
    """The fork's `Blocks(dark_theme=)` chooses light or dark before the first paint."""
    import gradio

    inner = gradio.Blocks.__init__

    def init(self: Any, *args: Any, dark_theme: bool = True, **kwargs: Any) -> None:
        inner(self, *args, **kwargs)

    gradio.Blocks.__init__ = init


def _shim() -> None:
    _hub_has_a_token_folder()
    _schemas_may_be_booleans()
    _fork_components_exist()
    _slow_machines_are_patient()
    _blocks_ignore_the_theme_flag()


if __name__ == "__main__":
    if "--nowebui" not in sys.argv:
        _shim()
    sys.argv[0] = "server.py"
    sys.path[0] = ""
    runpy.run_path("server.py", run_name="__main__")
