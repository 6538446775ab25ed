"""`familiar mcp`: one person's memory as a server for MCP clients."""

from __future__ import annotations

from typing import Annotated

import typer

from ..app import log_to_file
from ..errors import SettingsError
from ..messages import Person, Place, Scope
from ..service.health import is_loopback
from ..settings import Settings
from ..tools.reach import Reach
from ..tools.server import require_sdk, server_of
from . import console
from .options import DataDir, Verbose, cleaned, settings
from .program import opened

PLACE = Place("mcp", title="MCP")
"""Where what clients add is kept."""


def mcp(
    ctx: typer.Context,
    http: Annotated[bool, typer.Option("--http", help="Serve HTTP instead of the program that started this one.")] = False,
    person: Annotated[str | None, typer.Option("--person", callback=cleaned, help="Whose memory it is.", show_default=False)] = None,
    companion: Annotated[
        str | None,
        typer.Option("--companion", metavar="NAME", callback=cleaned, help="Only what this companion was told.", show_default=False),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            "--scope", metavar="companion|person", help="How far a search looks: person, unless a companion is named.", show_default=False
        ),
    ] = None,
    listen: Annotated[str, typer.Option("--listen", metavar="ADDRESS", help="Address for --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port for --http; 0 takes a free one.")] = 7862,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Let MCP clients search one person's memory, add to it and forget.

    A client starts this command itself and speaks to it over its standard input and output. With --http it serves any number
    of clients at http://127.0.0.1:7862/mcp; beyond this machine it asks for the token in FAMILIAR_MCP_TOKEN.
    """
    require_sdk()
    chosen = settings(ctx, person=person, companion=companion)
    looks = _scope(scope, "person" if companion is None else "companion")
    if http:
        _must_be_closed(chosen, listen)
    log_to_file(chosen)
    with opened(chosen) as app:
        reach = Reach(app.memories, Person(chosen.person), chosen.companion, PLACE, looks)
        if http:
            _over_http(reach, chosen, listen, port)
        else:
            _over_stdio(reach)


def _over_stdio(reach: Reach) -> None:
    import anyio

    from ..tools.server import stdio

    anyio.run(stdio, server_of(reach), reach.memories.warm_up)


def _over_http(reach: Reach, chosen: Settings, listen: str, port: int) -> None:
    from ..tools.network import PATH, listening, run

    with listening(listen, port) as listener:
        name, number = listener.getsockname()[:2]
        console.say(f"The memory of {chosen.person} is at http://{f'[{name}]' if ':' in name else name}:{number}{PATH}  (Ctrl+C ends it)")
        reach.memories.warm_up()
        run(server_of(reach), listener, chosen.mcp_token.get_secret_value(), local=is_loopback(listen))


def _scope(given: str | None, otherwise: Scope) -> Scope:
    scopes: dict[str | None, Scope] = {None: otherwise, "companion": "companion", "person": "person"}
    if given not in scopes:
        raise typer.BadParameter("it is companion or person.", param_hint="--scope")
    return scopes[given]


def _must_be_closed(chosen: Settings, listen: str) -> None:
    """Raise SettingsError for a door that anybody could walk through."""
    if not is_loopback(listen) and not chosen.mcp_token.get_secret_value():
        raise SettingsError(f"Listening on {listen} would let others in. Set FAMILIAR_MCP_TOKEN, or leave --listen at 127.0.0.1.")
