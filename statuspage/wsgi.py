"""Django as a WSGI application; the guard stands in front of it."""

from __future__ import annotations

import logging
import os

from django.core.wsgi import get_wsgi_application

from statuspage import celery

log = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
application = get_wsgi_application()
celery_app = celery.app  # this process, too, rings the bell through it


def _put_assets() -> None:
    from incidents.publishing.assets import put_assets  # which wants the applications to be there

    try:
        put_assets()
    except OSError:
        log.exception("The files of the console could not be put into the tree; Django sends them itself.")


_put_assets()
