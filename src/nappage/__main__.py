"""`python -m nappage`."""

import sys

from .cli import main

sys.exit(main())
