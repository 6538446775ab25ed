"""Documents out: replies as Word documents, on this machine or in Google Drive. It knows no door: see writing.py."""
