"""`familiar serve`: the standalone chat in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from ..app import build, log_to_file
from .options import DataDir, Host, Model, Verbose, settings


def serve(
    ctx: typer.Context,
    host: Host = None,
    model: Model = None,
    listen: Annotated[str | None, typer.Option("--listen", metavar="ADDRESS", help="Address to listen on.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.", show_default=False)] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the chat in a browser.")] = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Serve the chat to a browser on this machine."""
    from ..panel.standalone import serve as run

    chosen = settings(ctx, host=host, model=model, listen=listen, port=port)
    log_to_file(chosen)
    app = build(chosen)
    try:
        run(app, open_browser=open_browser)
    finally:
        app.close()
