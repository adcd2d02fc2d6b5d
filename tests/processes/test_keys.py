from tests.processes.commands import Terminal

KEYS = "SELECT signs, retired_at IS NOT NULL FROM signing_key ORDER BY id"


def test_keys_are_rotated_on_the_command_line(terminal: Terminal) -> None:
    first = terminal.run("keys", "rotate")
    assert (first.code, first.complained) == (0, "")
    assert first.said.startswith("key ")
    assert first.said.endswith(" signs now\n")
    assert terminal.query(KEYS) == [(True, False)]

    second = terminal.run("keys", "rotate")
    assert second.said.split()[1] != first.said.split()[1]
    assert terminal.query(KEYS) == [(False, True), (True, False)]

    assert terminal.run("keys", "rotate", "--compromised").code == 0
    assert terminal.query(KEYS) == [(True, False)]
    news = terminal.query("SELECT subject FROM revocation ORDER BY subject")
    assert sorted(f"signing key:{said.split()[1]}" for said in (first.said, second.said)) == [
        row[0] for row in news
    ]
    told = terminal.query("SELECT type, actor FROM event")
    assert told == [("signing_key.rotate", "command_line")] * 3
