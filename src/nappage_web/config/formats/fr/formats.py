from .. import DATE_FORMAT, DATETIME_FORMAT, TIME_FORMAT

__all__ = [
    "DATETIME_FORMAT",
    "DATE_FORMAT",
    "MONTH_DAY_FORMAT",
    "SHORT_DATETIME_FORMAT",
    "SHORT_DATE_FORMAT",
    "TIME_FORMAT",
]

# Three letters would be "Jui" for June: N writes "juin" and "juil.".
SHORT_DATE_FORMAT = "j N Y"
MONTH_DAY_FORMAT = "j N"
SHORT_DATETIME_FORMAT = "j N Y, H:i"
