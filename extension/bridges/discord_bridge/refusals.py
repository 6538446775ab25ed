"""What Discord refuses, as sentences that say what a person can do about it. The token and what people said are in none of them."""

from __future__ import annotations

import logging

from ...errors import BridgeError, BridgeUnreachable
from ...texts import tr

log = logging.getLogger(__name__)

PAGE = "docs/discord.md"
_CODES = {
    10003: "this channel is not there any more",
    10008: "this message is not there any more",
    30010: "the message has as many reactions as it may have",
    30007: "the channel has as many webhooks as it may have; remove one in its settings",
    40005: "the file is larger than may be sent here",
    50005: "the message is somebody else's",
    50007: "this person takes no private messages from the bot: both must share a server whose members may write to each other",
    50083: "this thread is archived; unarchive it",
    50163: "this message cannot be put into a thread",
    90001: "this person has blocked the bot",
    160004: "this message has a thread already",
    160005: "this thread is locked",
}
_PERMISSION = (50001, 50013)
PORTAL = "https://discord.com/developers/applications"
BAD_TOKEN = (
    f"Discord does not take the bot's token. Make a new one at {PORTAL} (your application, Bot, Reset Token) and put it into the file that "
    f"FAMILIAR_DISCORD_TOKEN_FILE names. {PAGE} shows how."
)
NO_TOKEN = f"There is no token of a Discord bot. {PAGE} shows where it comes from; name a file with it in FAMILIAR_DISCORD_TOKEN_FILE."
NO_INTENT = (
    f"The bot may not read messages: switch on Message Content Intent at {PORTAL} (your application, Bot, Privileged Gateway Intents), "
    f"then start again. {PAGE} shows where."
)


def failures() -> tuple[type[BaseException], ...]:
    """Return what discord.py raises where something fails on the way to Discord, or where an answer is not what it should be."""
    import aiohttp
    import discord

    return (discord.DiscordException, aiohttp.ClientError, OSError, RuntimeError, ValueError, LookupError, TypeError)


def refusal(exc: BaseException, doing: str, needs: str = "") -> BridgeError:
    """Return what a failure of discord.py, or of what lies below it, means for a person.

    `doing` names what was wanted, `needs` the permission that it asks for.
    """
    import discord

    if isinstance(exc, BridgeError):
        return exc
    if isinstance(exc, discord.RateLimited):
        return BridgeUnreachable(tr("Discord asks to wait for {seconds} s ({doing}).", seconds=round(exc.retry_after), doing=doing))
    if isinstance(exc, discord.HTTPException):
        kind = BridgeUnreachable if exc.status == 429 or exc.status >= 500 else BridgeError
        return kind(_answered(exc, doing, needs))
    if not isinstance(exc, discord.DiscordException | OSError):
        log.warning("Something failed on the way to Discord (%s)", doing, exc_info=exc)
    return BridgeUnreachable(tr("Discord was not reached ({doing}: {error}). Try again in a while.", doing=doing, error=type(exc).__name__))


def _answered(exc: object, doing: str, needs: str) -> str:
    code, status = getattr(exc, "code", 0), getattr(exc, "status", 0)
    if code in _PERMISSION or (status == 403 and code not in _CODES):
        return tr(
            'The bot may not do this here ({doing}). Give it the permission "{needs}" for this channel; {page} lists them all.',
            doing=doing,
            needs=needs or "View Channel",
            page=PAGE,
        )
    if code in _CODES:
        return tr("Discord did not do this ({doing}): {why}.", doing=doing, why=tr(_CODES[code]))
    if status == 429 or status >= 500:
        return tr("Discord is too busy for this now ({doing}). Try again in a while.", doing=doing)
    return tr("Discord refused this ({doing}: error {status}, code {code}).", doing=doing, status=status, code=code)
