"""Who uses a data directory, and where it lies when root's own is closed to PostgreSQL."""

import os
from pathlib import Path

import pytest

from marketplace.kernel.holding import InUseError, held_alone, held_together
from marketplace.supervisor import usable_data_dir, usable_port


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the database to another account")
def test_data_goes_elsewhere_when_roots_directory_is_closed(tmp_path: Path) -> None:
    said: list[str] = []
    tmp_path.chmod(0o700)

    other = usable_data_dir(tmp_path / "data", said.append)

    try:
        assert other.parent == Path("/var/lib/marketplace")
        assert other.is_dir()
        closed = f"{tmp_path / 'data'} is closed to the account that runs PostgreSQL"
        assert said == [f"{closed}, so data goes to {other}"]
        assert usable_data_dir(tmp_path / "data", said.append) == other
        assert usable_data_dir(tmp_path / "another", said.append) != other
    finally:
        usable_data_dir(tmp_path / "another", said.append).rmdir()
        other.rmdir()


def test_an_open_directory_is_used_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    said: list[str] = []

    assert usable_data_dir(Path("open/data"), said.append) == folder / "open" / "data"
    assert (folder / "open" / "data").is_dir()
    assert said == []


def test_one_holds_alone_and_children_go_on_holding(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_alone(path) as descriptor:
        inherited = os.dup(descriptor)
        with pytest.raises(InUseError, match=str(path)), held_alone(path):
            pass
    with pytest.raises(InUseError), held_alone(path, wait_seconds=0.1):
        pass
    os.close(inherited)
    with held_alone(path):
        pass


def test_of_many_who_hold_together_only_the_last_is_last(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_together(path) as first_is_last:
        with held_together(path) as second_is_last:
            assert not second_is_last()
        with pytest.raises(InUseError), held_alone(path):
            pass
        assert first_is_last()
        with pytest.raises(InUseError), held_alone(path):
            pass
    with held_alone(path):
        pass


def test_port_zero_is_a_port_of_ones_own() -> None:
    assert 1024 < usable_port("127.0.0.1", 0) < 65536
    assert usable_port("::1", 0) > 0
