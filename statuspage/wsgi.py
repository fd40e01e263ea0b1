"""Django as a WSGI application; the guard stands in front of it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from statuspage import celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
application = get_wsgi_application()
celery_app = celery.app  # this process, too, rings the bell through it
