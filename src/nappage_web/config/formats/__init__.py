"""How days and times are written, one way in all pages: `date:"DATE_FORMAT"`, `"SHORT_DATE_FORMAT"`, without the year
`"MONTH_DAY_FORMAT"`, with the time of day `"DATETIME_FORMAT"` and `"SHORT_DATETIME_FORMAT"`. Codes: Django's."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "j M Y"
MONTH_DAY_FORMAT = "j M"
DATETIME_FORMAT = "j F Y, H:i"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
