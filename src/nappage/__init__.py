"""Treatment planning for mesotherapy: values and an edition in, frozen documents out."""

from importlib.metadata import version

__version__ = version("nappage")
