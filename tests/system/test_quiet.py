"""What native libraries write to standard error stays off the terminal; our own words do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from automl.bundle import networks
from automl.system import terminal
from automl.system.quiet import LOG_LEVEL, quiet_libraries


def test_only_what_is_written_past_our_streams_is_lost(capfd: pytest.CaptureFixture[str]) -> None:
    ours = terminal.own_stderr()
    with quiet_libraries():
        os.write(2, b"could not find cuda\n")
        ours.write("ours\n")
    os.write(2, b"after\n")
    ours.close()
    assert capfd.readouterr().err == "ours\nafter\n"


def test_standard_error_comes_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), quiet_libraries():
        raise ZeroDivisionError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_tensorflow_is_told_to_be_quiet_unless_the_user_told_it_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LOG_LEVEL, raising=False)
    with quiet_libraries():
        assert os.environ[LOG_LEVEL] == "2"
    monkeypatch.setenv(LOG_LEVEL, "0")
    with quiet_libraries():
        assert os.environ[LOG_LEVEL] == "0"


def test_opening_a_network_is_quiet(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(networks, "_network", lambda path, content: os.write(2, b"failed call to cuInit\n"))
    networks.load_network(Path("deep-0.keras"), b"")
    assert capfd.readouterr().err == ""
