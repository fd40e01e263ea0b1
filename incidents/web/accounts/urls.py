"""The steps that django-allauth has, each under an address of ours. It finds them by these names, so they stand in no
name space; what is not listed here does not exist, sign-up above all."""

from __future__ import annotations

from allauth.mfa.base.views import authenticate
from allauth.mfa.recovery_codes.views import download_recovery_codes, generate_recovery_codes, view_recovery_codes
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from allauth.mfa.webauthn.views import add_webauthn, edit_webauthn, login_webauthn, remove_webauthn
from django.http import HttpResponseBase
from django.urls import path

from incidents.web.access import open_to_anybody
from incidents.web.accounts import account_page, sign_in, single_sign_on
from incidents.web.accounts.limits import part_of_the_account
from incidents.web.accounts.reauthentication import View, shown_when_proved


def _guarded(view: View) -> View:
    """A page of one's own account that shows or changes a second factor: only after a fresh proof."""
    guarded: View = part_of_the_account(shown_when_proved(view))
    return guarded


def _open(view: View) -> View:
    def opened(*args: object, **kwargs: object) -> HttpResponseBase:
        return view(*args, **kwargs)

    return open_to_anybody(opened)


urlpatterns = [
    path("sign-in", sign_in.sign_in, name="account_login"),
    path("sign-in/factor", _open(authenticate), name="mfa_authenticate"),
    path("sign-in/passkey", _open(login_webauthn), name="mfa_login_webauthn"),
    path("sign-in/switched-off", sign_in.switched_off, name="account_inactive"),
    path("sign-in/sso", single_sign_on.begin, name="sso_begin"),
    path("sign-in/<slug:provider_id>/callback", single_sign_on.come_back, name="openid_connect_callback"),
    path("account", account_page.account, name="mfa_index"),
    path("account", account_page.account, name="mfa_list_webauthn"),
    path("account", account_page.account, name="socialaccount_connections"),
    path("account/app/add", _guarded(activate_totp), name="mfa_activate_totp"),
    path("account/app/remove", _guarded(deactivate_totp), name="mfa_deactivate_totp"),
    path("account/passkeys/add", _guarded(add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/edit", _guarded(edit_webauthn), name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove", _guarded(remove_webauthn), name="mfa_remove_webauthn"),
    path("account/codes", _guarded(view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/codes/make", _guarded(generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/codes/download", _guarded(download_recovery_codes), name="mfa_download_recovery_codes"),
]
