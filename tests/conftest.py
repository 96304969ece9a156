"""For every test: in continuous integration nothing may be skipped, because a skipped test proves nothing."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

# Read while gRPC is imported: children of a test process must not be woken by its threads.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")

# In continuous integration the same commit gives the same result; at home every run looks somewhere else.
settings.register_profile("ci", derandomize=True)
if IN_CI:
    settings.load_profile("ci")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI and report.skipped:
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: skipped, which continuous integration does not allow: {reason}"
