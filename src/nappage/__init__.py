"""Treatment planning for mesotherapy: values and an edition in, frozen documents out."""

__version__ = "0.1.0"
