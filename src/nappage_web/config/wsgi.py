"""The WSGI application that granian serves."""

import os
import threading
from datetime import date

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nappage_web.config.settings")
application = get_wsgi_application()


def _warm() -> None:
    """Loads the knowledge and its dictionaries, so that the first patient of the day does not wait for them."""
    from nappage.intake import Answers, read
    from nappage.knowledge import load
    from nappage.screening import screen

    edition = load(date.today())
    screen(read(Answers(), edition, date.today()), edition)


threading.Thread(target=_warm, name="warm", daemon=True).start()
