"""Everything that can go wrong, as one tree. Every message tells the person what to do next.

FamiliarError
├── SettingsError            a setting is missing, malformed or out of range
├── MissingPackage           a package is not installed
├── MissingModel             a model or its files are not where they were looked for
├── StoreError               a store of ours could not be read or written
│   ├── StoreLocked          another process holds it; trying again may help
│   ├── StoreReadOnly        the file or folder may not be written
│   ├── StoreFull            the disk is full
│   ├── StoreCorrupt         the file is damaged or not a database of ours
│   └── IndexUnavailable     a derived index cannot be used now; the diary is untouched
│       └── IndexUnreachable its server does not answer as it should; what it holds may be sound
├── NotFound                 what was asked for does not exist
├── ImportRefused            an import file is malformed
├── UnreadableDocument       a document is broken, protected, too large, or of no kind that is read
├── UnreachablePage          a web page was not fetched: its address is not allowed, or it did not come
├── Stopped                  the person stopped what was going on
├── DocumentRefused          what was asked for makes no document, or it cannot be put where it was to go
├── DriveError               Google Drive could not be used
│   ├── DriveRefused         it answered with an error (credentials, folder, quota)
│   └── DriveUnreachable     nothing answers at its address, or not in time
├── CommandRefused           a command is not understood, or cannot be done here and now
│   ├── Denied               the person may not do it
│   ├── QueueFull            as many wait for a reply as may, or as many of this person
│   └── QueueBusy            what runs in the queue did not end in time
├── BridgeError              a chat platform did not do what it was asked for
│   ├── BridgeUnreachable    it cannot be reached now; trying again may help
│   ├── BridgeRuns           another bridge runs for this account already
│   └── Throttled            it asks for patience, and what was asked of it can be left out
├── TrainingError            an adapter was not trained, or may not be used
│   ├── TrainingRefused      the dataset, the model, the adapter or the machine does not allow it
│   └── TrainingRuns         another training runs on this data directory
├── ToolRefused              a model called a tool with what it does not take, or where it may not
└── HostError                the model's host failed
    ├── HostUnreachable      nothing answers at its address
    ├── HostTimeout          it answered too slowly
    ├── HostRefused          it answered with an error (key, model name, request)
    └── HostGarbled          its answer was not what the protocol says
"""


class FamiliarError(Exception):
    """Base of every error of ours."""


class SettingsError(FamiliarError):
    """A setting is missing, malformed or out of range."""


class MissingPackage(FamiliarError):
    """A package is not installed."""


class MissingModel(FamiliarError):
    """A model or its files are not where they were looked for."""


class StoreError(FamiliarError):
    """A store of ours could not be read or written."""


class StoreLocked(StoreError):
    """Another process holds the store."""


class StoreReadOnly(StoreError):
    """The store may not be written."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreCorrupt(StoreError):
    """The store is damaged or is not one of ours."""


class IndexUnavailable(StoreError):
    """A derived index cannot be used now; the diary is untouched."""


class IndexUnreachable(IndexUnavailable):
    """The server of a derived index does not answer as it should; what it holds may be sound."""


class NotFound(FamiliarError):
    """What was asked for does not exist."""


class ImportRefused(FamiliarError):
    """An import file is malformed."""


class UnreadableDocument(FamiliarError):
    """A document is broken, protected, too large, or of no kind that is read."""


class UnreachablePage(FamiliarError):
    """A web page was not fetched: its address is not allowed, or it did not come."""


class Stopped(FamiliarError):
    """The person stopped what was going on."""


class DocumentRefused(FamiliarError):
    """What was asked for makes no document, or it cannot be put where it was to go."""


class DriveError(FamiliarError):
    """Google Drive could not be used."""


class DriveRefused(DriveError):
    """Google Drive answered with an error."""


class DriveUnreachable(DriveError):
    """Nothing answers at Google Drive's address, or not in time."""


class CommandRefused(FamiliarError):
    """A command is not understood, or cannot be done here and now."""


class Denied(CommandRefused):
    """The person may not do what they asked for."""


class QueueFull(CommandRefused):
    """As many wait for a reply as may, in all or of this person."""


class QueueBusy(CommandRefused):
    """What runs in the queue did not end in time."""


class BridgeError(FamiliarError):
    """A chat platform did not do what it was asked for."""


class BridgeUnreachable(BridgeError):
    """A chat platform cannot be reached now; trying again may help."""


class BridgeRuns(BridgeError):
    """Another bridge runs for this account already."""


class Throttled(BridgeError):
    """A platform asks for patience, and what was asked of it can be left out."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is how long it asks to wait."""
        super().__init__(f"The platform asks to wait for {seconds:.1f} seconds.")
        self.seconds = seconds


class TrainingError(FamiliarError):
    """An adapter was not trained, or may not be used."""


class TrainingRefused(TrainingError):
    """The dataset, the model, the adapter or the machine does not allow it."""


class TrainingRuns(TrainingError):
    """Another training runs on this data directory."""


class ToolRefused(FamiliarError):
    """A model called a tool with what it does not take, or where it may not."""


class HostError(FamiliarError):
    """The model's host failed."""


class HostUnreachable(HostError):
    """Nothing answers at the host's address."""


class HostTimeout(HostError):
    """The host answered too slowly."""


class HostRefused(HostError):
    """The host answered with an error."""


class HostGarbled(HostError):
    """The host's answer was not what the protocol says."""
