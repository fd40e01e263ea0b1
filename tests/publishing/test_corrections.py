"""The page and the feed of corrections, the newest hash, and what stands where something was taken away."""

from __future__ import annotations

import feedparser
import pytest

from incidents.actions import amending, withholding
from incidents.models import Correction, PublicPage
from incidents.publishing import corrections_feed, feeds, pages, snapshot
from tests.factories import MARIA, make_component, open_incident, utc

pytestmark = pytest.mark.django_db
NOW = utc("2026-06-25 12:00")


def hot(path):
    truth = snapshot.build(NOW)
    return next(page.body.decode() for page in [*pages.hot(truth), *corrections_feed.hot(truth)] if page.path == path)


def cold():
    truth = snapshot.build(NOW)
    return {page.path: page for page in [*pages.cold(truth), *feeds.cold(truth)]}


@pytest.fixture
def incident(db):
    return open_incident(make_component(now=utc("2026-06-24 12:00")), title="Errors", now=utc("2026-06-24 12:00"))


def test_a_correction_stands_on_the_page_escaped_and_without_who_did_it(incident):
    update = incident.updates.get()
    amending.amend_update(actor=MARIA, update_id=update.pk, body="<b>New</b>", reason="A <i>slip</i>", now=NOW)
    html = hot("/corrections")
    assert "<del>We are looking into it.</del>" in html
    assert "<ins>&lt;b&gt;New&lt;/b&gt;</ins>" in html
    assert "A &lt;i&gt;slip&lt;/i&gt;" in html
    assert f'href="/incidents/{incident.code}#update-{update.code}"' in html
    assert "maria" not in html


def test_the_feed_has_an_entry_for_each_correction_under_an_id_that_lasts(incident):
    amending.edit_incident(
        actor=MARIA, incident_id=incident.pk, title="Other", impact_override="", advice="", reason="R", now=NOW
    )
    first = feedparser.parse(hot("/corrections.atom"))
    assert not first.bozo
    amending.edit_incident(
        actor=MARIA, incident_id=incident.pk, title="Third", impact_override="", advice="", reason="R", now=NOW
    )
    second = feedparser.parse(hot("/corrections.atom"))
    assert [entry.id for entry in second.entries][1:] == [entry.id for entry in first.entries]
    assert second.entries[0].id.endswith(f"Correction/{Correction.objects.first().pk}")


@pytest.mark.parametrize("path", ["/", "/history", "/subscribe", "/corrections"])
def test_a_page_that_is_made_with_every_write_prints_the_newest_hash(incident, path):
    assert PublicPage.objects.get().record_hash in hot(path)


def test_a_stored_page_does_not_change_with_the_record(incident):
    before = cold()
    make_component("Web")
    after = cold()
    assert {path for path in before if before[path].key != after[path].key} == set()
    assert PublicPage.objects.get().record_hash not in after[f"/incidents/{incident.code}"].render().body.decode()


def test_a_withheld_text_is_a_tombstone_on_page_and_feeds(incident):
    withholding.withhold_text(actor=MARIA, update_id=incident.updates.get().pk, reason="A <b>name</b>", now=NOW)
    for path in (f"/incidents/{incident.code}", f"/incidents/{incident.code}.atom"):
        text = cold()[path].render().body.decode()
        assert "This text was withheld on 25 Jun 2026. Reason: A" in text
        assert "We are looking into it." not in text
        assert "<b>name" not in text


def test_of_a_withdrawn_incident_only_a_tombstone_is_left(incident):
    amending.edit_incident(
        actor=MARIA, incident_id=incident.pk, title="Secret title", impact_override="", advice="", reason="R", now=NOW
    )
    withholding.withdraw_incident(actor=MARIA, incident_id=incident.pk, reason="A drill", now=NOW)
    left = {path: page.render().body.decode() for path, page in cold().items()}
    assert [path for path in left if incident.code in path] == [f"/incidents/{incident.code}"]
    assert "A drill" in left[f"/incidents/{incident.code}"]
    everything = "".join([*left.values(), hot("/"), hot("/corrections"), hot("/corrections.atom")])
    assert "Secret title" not in everything
    assert "Errors" not in everything
