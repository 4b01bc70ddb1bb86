"""Exports every message of every ticket of a Gorgias help desk."""

__version__ = "0.1.0"
