"""What the tests of wrong presets share."""

import pytest

from dicttui.preset.reading import Overrides, PresetError, read


@pytest.fixture
def errors(tmp_path, monkeypatch):
    """The errors of a preset's text, as a person reads them."""
    monkeypatch.chdir(tmp_path)

    def told(text: str | bytes, overrides: Overrides | None = None) -> list[str]:
        encoded = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "mine.toml").write_bytes(encoded)
        with pytest.raises(PresetError) as caught:
            read("mine.toml", overrides)
        assert str(caught.value) == "\n".join(caught.value.errors)
        return list(caught.value.errors)

    return told
