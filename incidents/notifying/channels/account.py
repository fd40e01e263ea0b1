"""Mail to people about their own accounts: the same road as all mail, but each message counts, none can be declined,
and a link that opens the account is made only now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.actions.one_time import Opens, one_time_token
from incidents.notifying.announcement import AccountAnnouncement, Announcement
from incidents.notifying.channels.email import EmailChannel
from incidents.notifying.mailbox import FileSession
from incidents.notifying.protocol import Parcel, Recipient, Session


class AccountChannel(EmailChannel):
    """Mail about accounts."""

    key = "account"
    is_newest_enough = False

    @property
    def label(self) -> str:
        """Its name for people."""
        return _("E-mail about accounts")

    def open_session(self) -> Session:
        """A connection to the server. Without one, a folder that the console does not show: whoever reads such a
        message can take the account over, and the mailbox there is open to everybody who signs in."""
        return super().open_session() if settings.EMAIL_URL else FileSession("account-mail")

    def render(self, announcement: Announcement) -> Callable[[Recipient], Parcel]:
        """As all mail, with the link of this message."""
        if isinstance(announcement, AccountAnnouncement) and announcement.opens:
            announcement = replace(announcement, path=_path(announcement.opens["user_id"]))
        return super().render(announcement)


def _path(user_id: int) -> str:
    """Where the link leads; to the account's page where the account is gone meanwhile."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return reverse("console:account")
    return reverse("console:reset-password", args=[one_time_token(user, Opens.PASSWORD_RESET)])
