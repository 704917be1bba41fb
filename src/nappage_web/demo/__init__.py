"""A clinic to try: six of staff, forty invented patients at every stage; filled once, through the commands."""

from .fill import fill

__all__ = ["fill"]
