"""The settings: one object, read from a file and the environment, passed in and never read elsewhere.

Order of precedence, strongest first: arguments given in code or on the command line, `FAMILIAR_*` environment
variables, `settings.yaml` in the data directory, the defaults below.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from .errors import SettingsError, StoreError
from .messages import SCOPES, Attention, Scope, Shares
from .platforms import Platforms

PREFIX = "FAMILIAR_"
FILE = "settings.yaml"
PANEL = ("enabled", "scope", "budget", "memories", "library_budget", "place_passages", "companion_passages", "everyone_passages")
"""The settings a person changes in the panel; the webui keeps them as `familiar-*` in its own settings.yaml."""


class Settings(Platforms):
    """Every setting of Familiar. Each is also an environment variable: `FAMILIAR_` and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    data_dir: Path = Field(description="Folder for everything Familiar keeps: diary, indexes, converted models, logs.")
    person: str = Field("me", min_length=1, max_length=200, description="Who speaks when a door names nobody: the owner of this machine.")
    companion: str = Field("Familiar", min_length=1, max_length=200, description="Who answers when none is chosen.")
    host: str = Field("embedded", description="What runs the model: `embedded`, `scripted`, or the URL of an OpenAI-compatible server.")
    model: str = Field(
        "",
        description="Folder or hub name (embedded), or the server's name for a model. Empty: SmolLM2-135M-Instruct, or its first.",
    )
    adapter: str = Field("", description="Folder of a LoRA adapter to put on the embedded model. A server loads its own.")
    voice: str = Field(
        "", description="Run whose adapter speaks as the people of imported chats (`familiar runs`). Empty: the newest that was trained."
    )
    api_key: SecretStr = Field(
        SecretStr(""),
        description="Key for the OpenAI-compatible server. Only ever from the environment.",
    )
    timeout: float = Field(120.0, gt=0, le=86400, description="Seconds to wait for the server's next piece of an answer.")
    max_new_tokens: int = Field(256, ge=1, le=131072, description="Longest reply, in tokens.")
    temperature: float = Field(0.7, ge=0, le=5, description="Sampling temperature; 0 always takes the likeliest token.")
    enabled: bool = Field(True, description="Whether memories are recalled. What is said is recorded either way.")
    scope: Scope = Field(
        "companion",
        description="How far recall looks: `place` (this chat), `companion` (said to this companion), `person` (everything of mine).",
    )
    budget: int = Field(800, ge=0, le=100000, description="Most tokens of the prompt that memories may take.")
    memories: int = Field(6, ge=0, le=100, description="Most memories shown to the model in one turn.")
    library_budget: int = Field(2000, ge=0, le=100000, description="Most tokens of the prompt that documents may take, beside memories.")
    place_passages: int = Field(8, ge=0, le=50, description="Most passages of documents of this chat shown in one turn; 0 for none.")
    companion_passages: int = Field(8, ge=0, le=50, description="Most passages of my documents for this companion; 0 for none.")
    everyone_passages: int = Field(8, ge=0, le=50, description="Most passages of documents that are for everyone; 0 for none.")
    summaries: Literal["off", "extract", "model"] = Field(
        "extract",
        description="What stands for a chat that outgrew the model's context, for the last session and for a person: sentences chosen "
        "from what was said (`extract`), or what the model makes of it while nobody is talking (`model`).",
    )
    facts: bool = Field(
        False,
        description="Whether the model notes facts about what was said, while nobody is talking. It costs the model's time; "
        "models of less than about 1B parameters note next to nothing.",
    )
    learn: bool = Field(
        True,
        description="Whether the ranking of a person's memories learns from their thumbs, pins and edits, while nobody is talking; "
        "false ranks everybody as shipped.",
    )
    enrich: str = Field(
        "",
        description="Who puts what memory and documents say into the question before the model is asked: empty for nobody, `host` for the "
        "model itself, or the URL of an OpenAI-compatible server.",
    )
    enrich_model: str = Field("", description="That server's name for the model that does it. Empty: its first.")
    enrich_api_key: SecretStr = Field(SecretStr(""), description="Key for that server. Only ever from the environment.")
    enrich_timeout: float = Field(10.0, gt=0, le=600, description="Seconds it may take; after that, the question is asked as it is.")
    database_url: str = Field(
        "",
        repr=False,
        description="Where the diary is: `sqlite:////folder/file` or `postgresql://user:password@host/name`. Empty: `diary.sqlite` in "
        "the data directory. With a password in it, only ever from the environment.",
    )
    chroma_url: str = Field(
        "", description="A Chroma server for the vector index, as `http://host:8000`. Empty: `vectors` in the data directory."
    )
    chroma_token: SecretStr = Field(SecretStr(""), description="Key for the Chroma server. Only ever from the environment.")
    embedder: str = Field(
        "minilm",
        description="What embeds text: `minilm` (bundled), a sentence-transformers folder, or `hashing` (words only).",
    )
    lock_timeout: float = Field(30.0, gt=0, le=600, description="Seconds to wait for a database that another process is writing.")
    patience: float = Field(
        20.0,
        ge=0,
        le=600,
        description="Seconds the first turn may wait for the embedding model; after that, words alone decide.",
    )
    retention_days: int = Field(
        0,
        ge=0,
        le=36500,
        description="Days after which what was said is forgotten, pinned memories excepted; 0 for never. A place may have its own.",
    )
    chat_logs: bool = Field(
        False,
        description="Whether each exchange is also written as plain text into a file per day, in `chat-logs` in the data directory.",
    )
    docx_folder: str = Field("", description="Folder that documents are written into. Empty: `documents` in the data directory.")
    drive_credentials: str = Field(
        "", description="File of Google credentials, a service account's or a signed-in person's; with it documents can go to Google Drive."
    )
    youtube_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key for YouTube's Data API: links to videos in chats to learn from become titles. Only ever from the environment.",
    )
    drive_convert: bool = Field(False, description="Whether documents in Google Drive become Google Docs rather than Word files.")
    plain_language: bool = Field(
        True, description="Whether a plain sentence can be a command: `turn the temperature down to 0.4`. What changes a thing asks first."
    )
    listen: str = Field("127.0.0.1", description="Address the standalone chat listens on. Anything but loopback asks for `password`.")
    port: int = Field(7861, ge=0, le=65535, description="Port of the standalone chat; 0 takes a free one.")
    password: SecretStr = Field(
        SecretStr(""), description="Password of the standalone chat (user name: the `person`). Only ever from the environment."
    )
    mcp_token: SecretStr = Field(
        SecretStr(""), description="Token that `familiar mcp --http` asks its clients for. Only ever from the environment."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much goes into `familiar.log`. Words people said never do."
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        if "?" in str(value):
            raise ValueError("the folder's name may hold no question mark, which ends a path in a database's address")
        return value.expanduser().absolute()

    @field_validator("docx_folder", "drive_credentials")
    @classmethod
    def _located(cls, value: str) -> str:
        try:
            return str(Path(value.strip()).expanduser().absolute()) if value.strip() and "\x00" not in value else ""
        except RuntimeError as exc:  # `~somebody` who is not known here
            raise ValueError("there is no home folder of that name; give the whole path") from exc

    @field_validator("chroma_url")
    @classmethod
    def _server(cls, value: str) -> str:
        try:
            found = urlsplit(value)
            usable = found.scheme in ("http", "https") and found.hostname and found.port != 0 and found.path in ("", "/")
        except ValueError:
            usable = False
        if value and not usable:
            raise ValueError("it should look like http://host:8000 or https://host, with ?tenant=NAME&database=NAME where you need them")
        if value and found.username is not None:
            raise ValueError("it may hold no user or password; the key belongs into FAMILIAR_CHROMA_TOKEN")
        return value.strip()

    @property
    def documents_dir(self) -> Path:
        """The folder that documents are written into."""
        return Path(self.docx_folder) if self.docx_folder else self.data_dir / "documents"

    @property
    def diary_url(self) -> str:
        """The SQLAlchemy URL of the diary in effect."""
        return self.database_url or f"sqlite:///{self.data_dir / 'diary.sqlite'}"

    @property
    def attention(self) -> Attention:
        """What they say about what the model is shown."""
        shares = Shares(self.place_passages, self.companion_passages, self.everyone_passages)
        summaries = self.summaries != "off"
        return Attention(self.enabled, self.scope, self.budget, self.memories, summaries, shares, self.library_budget)

    def changed(self, **values: Any) -> Settings:
        """Return a copy with some values replaced and validated. Raises SettingsError."""
        return _validated({**self.model_dump(), **values})


PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@\s]*(?=@)|([?&](?:ssl)?password)=[^&\s]*")
"""A password in a URL: after the user, or among the options."""
LONGEST_SECRET = 4_000
"""Characters."""
SECRETS = tuple(name for name, field in Settings.model_fields.items() if field.annotation is SecretStr)


def default_data_dir() -> Path:
    """Return the platform's folder for a program's data."""
    import platformdirs

    return Path(platformdirs.user_data_dir("familiar", appauthor=False))


def load(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Return the settings in effect. `given` values that are None count as not given.

    Raises SettingsError naming the setting, where it came from, and what it may be.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in given.items() if value is not None}
    from_environ = _from_environ(environ)
    data_dir = Path(given.get("data_dir") or from_environ.get("data_dir") or default_data_dir()).expanduser()
    values = {**_from_file(data_dir / FILE), **from_environ, **given, "data_dir": data_dir}
    return _validated(values)


def origins(data_dir: Path, environ: Mapping[str, str], given: Path | None = None) -> dict[str, str]:
    """Return where the value of each setting comes from; `given` is the data directory of the command line.

    Raises SettingsError when the file of settings cannot be read.
    """
    from_environ, from_file = _from_environ(environ), _from_file(data_dir / FILE)
    found = {
        name: "the environment" if name in from_environ else FILE if name in from_file else "default" for name in Settings.model_fields
    }
    outside = "the environment" if "data_dir" in from_environ else "default"
    return {**found, "data_dir": outside if given is None else "the command line"}


def save(settings: Settings, **values: Any) -> Settings:
    """Write some settings into the data directory's file, leaving the others there as they are, and return the result.

    Raises SettingsError for a value that is not allowed (secrets never are) and StoreError when the file cannot be written.
    """
    if secrets := [name for name, value in values.items() if _is_secret(name, value)]:
        raise SettingsError(
            f"{', '.join(secrets)} is never written to a file; set {PREFIX}{secrets[0].upper()} in the environment instead."
        )
    result = settings.changed(**values)
    path = settings.data_dir / FILE
    kept = {**_from_file(path), **{name: _plain(getattr(result, name)) for name in values}}
    replace_text(path, yaml.safe_dump(kept, sort_keys=True, allow_unicode=True))
    return result


def replace_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a file whole or not at all, with this mode as far as the umask allows.

    Raises StoreError when the folder or file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(mode)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as exc:
        with suppress(OSError):
            temporary.unlink()
        raise StoreError(f"Cannot write {path}: {exc.strerror}. Check the folder's permissions and the free space.") from exc


def _is_secret(name: str, value: Any) -> bool:
    return name in SECRETS or (name == "database_url" and PASSWORD.search(str(value)) is not None)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    return str(value) if isinstance(value, Path) else value


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    found = {name: environ[PREFIX + name.upper()] for name in Settings.model_fields if environ.get(PREFIX + name.upper(), "") != ""}
    files = {name: environ.get(f"{PREFIX}{name.upper()}_FILE", "") for name in SECRETS if name not in found}
    return {**found, **{name: _secret(name, Path(path)) for name, path in files.items() if path}}


def _secret(name: str, path: Path) -> str:
    """Return the secret that a file holds, as Docker and systemd hand them over."""
    try:
        text = path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError, RuntimeError) as exc:
        raise SettingsError(f"{PREFIX}{name.upper()}_FILE names a file that cannot be read ({type(exc).__name__}): {path}") from None
    if not text or len(text) > LONGEST_SECRET or "\n" in text:
        raise SettingsError(f"{PREFIX}{name.upper()}_FILE names a file that should hold the secret alone, in one line: {path}")
    return text


def _from_file(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"Cannot read {path}: {exc}. Mend the file, or move it away to start with the defaults.") from exc
    except yaml.YAMLError as exc:  # its text quotes the file, where a key may have been put by mistake
        mark = getattr(exc, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "its text"
        raise SettingsError(f"Cannot read {path}: {where} is no YAML. Mend the file, or move it away to start with the defaults.") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise SettingsError(f"{path} holds no settings: it should be lines like `budget: 800`.")
    if secrets := [name for name, value in found.items() if _is_secret(name, value)]:
        raise SettingsError(
            f"{path} holds `{secrets[0]}`, which belongs in the environment ({PREFIX}{secrets[0].upper()}). Remove the line."
        )
    return {str(name): value for name, value in found.items()}


def _validated(values: Mapping[str, Any]) -> Settings:
    try:
        return Settings.model_validate(dict(values))
    except ValidationError as exc:
        error = exc.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in error["loc"])
        raise SettingsError(f"The setting `{name}` ({PREFIX}{name.upper()}) is not usable: {_reason(name, error['msg'])}") from None


def _reason(name: str, message: str) -> str:
    if message == "Extra inputs are not permitted":
        import difflib

        close = difflib.get_close_matches(name, Settings.model_fields, n=1)
        return "there is no such setting." + (f" Did you mean `{close[0]}`?" if close else " See docs/settings.md for the list.")
    if name == "scope":
        return f"it is one of {', '.join(SCOPES)}."
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:] + "."
