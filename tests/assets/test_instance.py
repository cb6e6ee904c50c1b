"""The Dagster instance of a study: sends nothing anywhere, watches its runs, is the same for everyone."""

import dagster as dg

from assets.instance import SETTINGS, environment, prepare


def test_the_instance_sends_no_telemetry_and_watches_its_runs(at):
    with dg.DagsterInstance.get() as instance:
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False
        assert instance.run_monitoring_enabled is True
        assert instance.run_monitoring_max_runtime_seconds == 3600
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 2
        assert instance.root_directory == str(at.dagster)


def test_preparing_twice_changes_nothing_and_brings_changed_settings(at):
    assert (at.dagster / "dagster.yaml").read_bytes() == SETTINGS.read_bytes()
    (at.dagster / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    assert prepare(at) == at.dagster
    assert (at.dagster / "dagster.yaml").read_bytes() == SETTINGS.read_bytes()
    assert sorted(path.name for path in at.home.iterdir()) == [
        "dagster", "inbox", "ledger", "outbox", "releases", "warehouse",
    ]  # fmt: skip


def test_a_server_finds_the_same_study_wherever_it_is_started(at):
    env = environment(at)
    assert (env["IKZ_STUDY"], env["IKZ_DATA"]) == ("demonstration", str(at.data))
    assert env["DAGSTER_HOME"] == str(at.dagster)
