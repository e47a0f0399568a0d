"""The browser page for watching, stepping and changing a run."""
