from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.actions import operators
from incidents.actions import upstream as actions
from incidents.actions.refusals import Refused
from incidents.domain.status import Level
from incidents.domain.upstream import Failed, Gone, Reading, Unchanged, UpstreamIncident, pause_after
from incidents.models import AuditEntry, OutboxEvent, PublicPage, Upstream
from incidents.publishing import snapshot
from incidents.reviewing.neglect import neglected
from tests.factories import MARIA, make_component, open_incident
from tests.sink import sink
from tests.upstream_world import BEGIN, WELL, follow, noted
from tests.workflow_world import person

pytestmark = pytest.mark.django_db
ILL = Reading(
    Level.PARTIAL_OUTAGE, "Partial System Outage", (UpstreamIncident("Errors", "https://c.example/1", BEGIN),)
)


def after(**span: int):
    return BEGIN + timedelta(**span)


@pytest.fixture
def server(settings):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with sink() as told:
        yield told


@pytest.fixture
def cloud(server) -> Upstream:
    return follow(server)


def revision() -> int:
    return PublicPage.objects.get().revision


def view(now):
    return snapshot.build(now).upstreams[0]


def test_the_front_of_a_statuspage_is_address_enough(server):
    assert follow(server, "").url == server.url + "/api/v2/summary.json"
    assert follow(server, "/en/?lang=de#top").url == server.url + "/api/v2/summary.json"
    assert follow(server, "/api/v2/status.json").url == server.url + "/api/v2/status.json"
    assert follow(server, "/feed?x=1", kind="feed").url == server.url + "/feed?x=1"
    assert list(Upstream.objects.values_list("slug", "position")) == [
        ("cloud", 1), ("cloud-2", 2), ("cloud-3", 3), ("cloud-4", 4)
    ]  # fmt: skip


def test_feed_import_26_this_page_itself_is_not_followed(server, settings):
    settings.SITE_URL = server.url
    with pytest.raises(Refused, match="this page itself") as refusal:
        follow(server, "/history.atom", kind="feed")
    assert refusal.value.field == "url"
    assert not Upstream.objects.exists()


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/", "http://[::1]/", "http://localhost/", "ftp://example.com/", "nonsense", "http://[", ""],
)
def test_what_is_never_asked_is_refused_when_it_is_typed(url, server, settings):
    settings.FETCH_ALLOWED_NETWORKS = []
    with pytest.raises(Refused) as refusal:
        actions.save_upstream(actor=person("ada", "administrator"), name="X", kind="feed", url=url)
    assert refusal.value.field == "url"


def test_only_an_administrator_changes_them(cloud, server):
    for write in (
        lambda: actions.save_upstream(actor=person("wanda", "author"), name="X", kind="feed", url=server.url),
        lambda: actions.remove_upstream(actor=person("wanda", "author"), upstream_id=cloud.pk),
    ):
        with pytest.raises(Refused, match="groups"):
            write()
    assert Upstream.objects.count() == 1


def test_another_address_is_read_from_the_beginning_and_another_name_is_not(cloud, server):
    noted(cloud, ILL, BEGIN)
    follow(server, upstream_id=cloud.pk, name="The cloud")
    cloud.refresh_from_db()
    assert (cloud.name, cloud.level, cloud.slug) == ("The cloud", "partial_outage", "cloud")
    follow(server, "/status.json", upstream_id=cloud.pk)
    cloud.refresh_from_db()
    assert (cloud.level, cloud.ok_at, cloud.incidents, cloud.troubled_at) == ("", None, [], None)


def test_a_check_is_claimed_by_one_caller(cloud):
    assert actions.claim_upstream(BEGIN) == cloud
    assert actions.claim_upstream(BEGIN) is None
    assert actions.claim_upstream(after(minutes=3)) == cloud, "whoever had it died"


def test_what_is_not_asked_is_not_claimed(cloud, server):
    follow(server, upstream_id=cloud.pk, is_enabled=False)
    assert actions.claim_upstream(after(days=1)) is None
    assert snapshot.build(BEGIN).upstreams == ()


def test_the_page_changes_when_what_they_say_does_and_not_with_each_check(cloud):
    noted(cloud, WELL, BEGIN)
    before, entries = revision(), AuditEntry.objects.count()
    for minute in range(1, 9):
        noted(cloud, WELL if minute % 2 else Unchanged(), after(minutes=minute))
    assert (revision(), AuditEntry.objects.count()) == (before, entries)
    noted(cloud, ILL, after(minutes=9))
    assert revision() == before + 1
    entry = AuditEntry.objects.order_by("-id").first()
    assert (entry.verb, entry.changes["level"]) == ("upstream.noted", ["operational", "partial_outage"])


def test_an_unchanged_answer_keeps_what_was_read(cloud):
    noted(cloud, ILL, BEGIN)
    noted(cloud, Unchanged(), after(minutes=5))
    now = after(minutes=14)
    assert (view(now).label, view(now).words, view(now).since) == ("Partial outage", "Partial System Outage", BEGIN)


def test_four_failures_in_a_row_are_unknown_and_the_next_answer_is_known_again(cloud):
    noted(cloud, WELL, BEGIN)
    for second in range(1, 4):
        noted(cloud, Failed("No."), after(seconds=second))
        assert view(after(seconds=second)).label == "Operational"
    before = revision()
    noted(cloud, Failed("No."), after(seconds=4))
    assert (view(after(seconds=4)).label, view(after(seconds=4)).since) == ("Unknown", BEGIN)
    assert revision() == before + 1
    noted(cloud, Unchanged(), after(seconds=5))
    assert view(after(seconds=5)).label == "Operational"
    assert revision() == before + 2


def test_ten_minutes_of_silence_are_unknown_though_nobody_writes(cloud):
    noted(cloud, WELL, BEGIN)
    edge = snapshot.build(after(minutes=2)).next_change_at
    assert edge == after(minutes=10, seconds=1)
    assert view(edge - timedelta(seconds=2)).label == "Operational"
    assert view(edge).is_unknown


def test_one_that_was_never_reached_is_unknown(cloud):
    assert view(BEGIN).is_unknown
    assert view(BEGIN).since is None


def test_failures_are_checked_ever_less_often(cloud):
    pauses = []
    for number in range(6):
        row = noted(cloud, Failed("It hangs."), after(hours=number))
        pauses.append(row.next_check_at - after(hours=number))
    assert pauses == [timedelta(minutes=each) for each in (2, 4, 8, 10, 10, 10)]
    assert pause_after(10_000) == timedelta(minutes=10)
    assert (row.failures, row.fault) == (6, "It hangs.")
    assert noted(cloud, WELL, after(hours=7)).next_check_at == after(hours=7, minutes=1)


def test_feed_import_16_gone_for_good_stops_the_checks_and_tells_the_operators_once(cloud):
    operators.add_operator(actor=MARIA, address="oncall@example.org", now=BEGIN)
    noted(cloud, WELL, BEGIN)
    noted(cloud, Gone("They answered that this address is gone for good (410)."), after(minutes=1))
    assert actions.claim_upstream(after(days=1)) is None
    assert view(after(minutes=1)).is_unknown
    [waiting] = neglected(after(minutes=2))
    assert waiting.sentence == "Cloud is followed no more. They answered that this address is gone for good (410)."
    assert operators.remind_operators(after(minutes=2)) == 1
    assert operators.remind_operators(after(minutes=3)) == 0
    told = OutboxEvent.objects.get(verb="operators.reminded").facts["reminder"]
    assert told["path"] == f"/console/upstreams/{cloud.pk}/edit"


def test_saving_one_that_was_gone_asks_it_again(cloud, server):
    noted(cloud, Gone("Gone."), BEGIN)
    follow(server, "/elsewhere.json", upstream_id=cloud.pk, now=after(minutes=5))
    assert neglected(after(minutes=5)) == []
    assert actions.claim_upstream(after(minutes=5)) == cloud


def test_what_an_old_address_said_is_dropped(cloud, server):
    asked = Upstream.objects.get()
    follow(server, "/other.json", upstream_id=cloud.pk)
    assert noted(asked, ILL, BEGIN) is None
    assert Upstream.objects.get().level == ""


def test_feed_import_17_their_word_never_moves_our_own_status(cloud):
    api = make_component("API")
    noted(cloud, ILL, BEGIN)
    assert snapshot.build(BEGIN).top.indicator == "none"
    open_incident(api, now=BEGIN)
    noted(cloud, WELL, after(minutes=1))
    truth = snapshot.build(after(minutes=1))
    assert (truth.top.indicator, truth.components[0].level) == ("critical", Level.MAJOR_OUTAGE)


def test_a_removed_one_leaves_the_page(cloud):
    actions.remove_upstream(actor=person("ada", "administrator"), upstream_id=cloud.pk)
    assert snapshot.build(BEGIN).upstreams == ()
    assert AuditEntry.objects.get(verb="upstream.removed").subject_label == "Cloud"


def test_trouble_is_to_be_proposed_once_and_then_its_end(cloud, server):
    row = follow(server, upstream_id=cloud.pk, is_proposing=True)
    assert actions.upstreams_to_propose() == []
    noted(row, ILL, BEGIN)
    assert actions.upstreams_to_propose() == [row]
    actions.note_proposed(upstream_id=row.pk, troubled_at=BEGIN)
    noted(row, Reading(Level.MAJOR_OUTAGE, "Worse", ()), after(minutes=1))
    assert actions.upstreams_to_propose() == []
    assert actions.upstreams_to_end() == []
    noted(row, WELL, after(minutes=2))
    assert actions.upstreams_to_end() == [row]
    actions.note_proposed(upstream_id=row.pk, troubled_at=None)
    assert actions.upstreams_to_end() == []


def test_trouble_of_one_that_does_not_propose_stays_theirs(cloud):
    noted(cloud, ILL, BEGIN)
    assert actions.upstreams_to_propose() == []
