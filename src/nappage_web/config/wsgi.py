"""The WSGI application that granian serves."""

import gc
import os
import threading
from datetime import date
from decimal import Decimal

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nappage_web.config.settings")
application = get_wsgi_application()
# All pages, now: what cannot be imported ends the start, not somebody's request, and no two threads import at once.
get_resolver().url_patterns  # noqa: B018


def _warm() -> None:
    """Loads the knowledge, its dictionaries and the atlas, so that the first patient of the day does not wait for them.

    What is loaded lives as long as the process: without `freeze` the collector would walk through all of it again and
    again, for some 70 ms each time, in the middle of a request.
    """
    from nappage.intake import Answers, Order, read
    from nappage.knowledge import load
    from nappage.screening import screen

    from ..planning import map_payload

    edition = load(date.today())
    screen(read(Answers(), edition, date.today()), edition)
    order = Order(areas=("malar",), technique="papule", spacing_mm=Decimal(10))
    drawn, _ = map_payload.lay(order, edition, sex="female")
    map_payload.state(drawn, order, edition)
    gc.collect()
    gc.freeze()


threading.Thread(target=_warm, name="warm", daemon=True).start()
