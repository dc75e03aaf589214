"""Reading recordings: also while they are written, and whatever is in them."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicttui.record import database, files, manifest, places
from dicttui.record.error import RecordError
from dicttui.record.finding import everything, find
from dicttui.record.reading import Recorded
from dicttui.training.interventions import Fork, Keep, SetLearningRate, Undo


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A recorded experiment in which everything occurs."""
    from dicttui.preset.reading import read
    from dicttui.record.recorder import Recorder
    from dicttui.record.schedule import Schedule
    from dicttui.training.session import Session

    base = tmp_path_factory.mktemp("whole")
    (base / "small.toml").write_text(
        '[data]\nn = 20\n[network]\nkind = "sparse"\n[training]\nsteps = 60\n'
        '[[runs]]\nname = "adam"\noptimizer = "Adam"\nlr = 0.01\n'
        '[[runs]]\nname = "sgd"\noptimizer = "SGD"\nlr = 0.01\n'
    )
    preset = read(str(base / "small.toml"))
    recorder = Recorder.begin(preset, base, schedule=Schedule(seconds=None, steps=10))
    session = Session(preset, paced=False, observers=[recorder])
    session.advance(20)
    session.submit(SetLearningRate("adam", factor=2.0))
    session.submit(Keep("note"))
    session.advance(10)
    session.submit(Fork("adam", lr=0.5))
    session.submit(Undo("adam"))
    session.advance(20)
    assert session.close()
    assert recorder.linger(20)
    return recorder.directory


def everything_in(directory):
    """Read all there is of a recording."""
    recorded = Recorded.open(directory)
    found = [
        recorded.state, recorded.began, recorded.ended, recorded.preset(), recorded.environment(),
        recorded.events(), recorded.interventions(), recorded.checkpoints(), recorded.ends(),
    ]  # fmt: skip
    for run in recorded.runs():
        found += [run, recorded.losses(run.name), recorded.metrics(run.name)]
    frames = recorded.frames()
    found += [frames[i] for i in range(len(frames))]
    recorded.close()
    return found


def test_all_of_it_is_read(whole):
    found = everything_in(whole)
    assert found[0] == "stopped"
    assert len(found) > 15


def test_reading_needs_no_torch(whole):
    program = (
        "import sys; from pathlib import Path\n"
        "from dicttui.record.reading import Recorded\n"
        "from dicttui.record.finding import everything\n"
        "import dicttui.record.resuming, dicttui.record.recorder, dicttui.record.replaying\n"
        "recorded = Recorded.open(Path(sys.argv[1]))\n"
        "for run in recorded.runs(): recorded.losses(run.name); recorded.metrics(run.name)\n"
        "recorded.interventions(); recorded.frames()[0]\n"
        "assert not {'torch', 'textual', 'safetensors'} & set(sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(whole)], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr


def test_while_it_is_written(record):
    training = record(steps=5)
    training.advance(1)
    training.recorder._writer.flush(20)
    recorded = Recorded.open(training.recorder.directory)
    seen = []
    for _ in range(20):
        training.advance(5)
        training.recorder._writer.flush(20)
        seen.append(len(recorded.losses("adam").steps))
        assert recorded.state == "running"
    assert seen == sorted(set(seen))
    assert seen[-1] == 101


def test_from_a_directory_that_cannot_be_written(whole, tmp_path):
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may mount a filesystem")
    where = tmp_path / "read-only"
    where.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(where)], check=False).returncode:
        pytest.skip("a filesystem cannot be mounted here")
    try:
        copy = where / whole.name
        shutil.copytree(whole, copy)
        for beside in copy.glob(f"{places.DATABASE}-*"):
            beside.unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(where)], check=True)
        assert len(everything_in(copy)) == len(everything_in(whole))
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def test_what_is_not_there(tmp_path, copy):
    with pytest.raises(RecordError, match="is no directory"):
        Recorded.open(tmp_path / "absent")
    with pytest.raises(RecordError, match="holds no recorded experiment"):
        Recorded.open(tmp_path)
    (copy / places.PRESET).unlink()
    with pytest.raises(RecordError, match=r"preset\.json: cannot be read"):
        Recorded.open(copy)


def test_found_by_the_beginning_of_its_id_by_its_name_and_by_its_path(copy, tmp_path):
    experiment = copy.name.rpartition("_")[2]
    for name in (experiment, experiment[:3], experiment.upper(), copy.name, str(copy)):
        assert find(name, tmp_path).directory == copy
    twin = Path(shutil.copytree(copy, tmp_path / f"2020-01-01_twin_{experiment[:5]}0"))
    if twin.name[-6:] != experiment:
        with pytest.raises(RecordError, match="beginning of several ids"):
            find(experiment[:5], tmp_path)
    for name in ("zzz", ""):
        with pytest.raises(RecordError, match="no recorded experiment"):
            find(name, tmp_path)


def test_broken_ones_are_told_of_and_the_others_listed(copy, tmp_path):
    other = Path(shutil.copytree(copy, tmp_path / "2020-01-01_other_abcdef"))
    (other / places.DATABASE).write_bytes(b"garbage")
    (tmp_path / "not an experiment").mkdir()
    told = []
    assert [e.directory for e in everything(tmp_path, told.append)] == [copy]
    assert len(told) == 1
    assert str(other) in told[0]


def change(copy, statement, *values):
    connection = sqlite3.connect(copy / places.DATABASE)
    with connection:
        connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA application_id = 1",
        "PRAGMA user_version = 99",
        "DROP TABLE losses",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM losses; END",
        "DELETE FROM facts WHERE key = 'began'",
        "UPDATE facts SET value = 'yesterday' WHERE key = 'began'",
        "UPDATE facts SET value = '1e300' WHERE key = 'began'",
        "UPDATE losses SET bytes = 'text'",
        "UPDATE losses SET bytes = x'00'",
        "UPDATE losses SET count = 1000000",
        "UPDATE losses SET first_step = first_step - 1000",
        "UPDATE losses SET first_step = 'a' || first_step",
        "UPDATE metrics SET value = 'rubbish'",
        "UPDATE metrics SET value = x'00'",
        "UPDATE runs SET steps = 'many'",
        "UPDATE runs SET specification = '{'",
        "UPDATE runs SET specification = '[]'",
        'UPDATE interventions SET intervention = \'{"kind": "os.system"}\'',
        "UPDATE interventions SET intervention = '[]'",
        'UPDATE interventions SET before = \'{"adam": "x"}\'',
        "UPDATE interventions SET receipt = '{}'",
        "UPDATE interventions SET at = 1e300",
        "UPDATE events SET at = 'now'",
        "UPDATE ends SET observation = 'null'",
        "UPDATE frames SET data = x'00'",
        "UPDATE frames SET places = '[]'",
        "UPDATE frames SET places = '{\"adam\": [1]}'",
        "UPDATE facts SET value = '{' WHERE key = 'environment'",
    ],
)
def test_a_database_that_somebody_has_changed(copy, statement):
    change(copy, "INSERT INTO ends VALUES ('adam', 0, '{}')")
    change(copy, statement)
    with pytest.raises(RecordError) as caught:
        everything_in(copy)
    assert str(copy) in str(caught.value)


def test_a_database_of_another_program(copy):
    (copy / places.DATABASE).unlink()
    connection = sqlite3.connect(copy / places.DATABASE)
    connection.execute("CREATE TABLE facts (key TEXT, value TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(RecordError, match="no database of dicttui's"):
        Recorded.open(copy)


def reads_or_refuses(directory):
    try:
        everything_in(directory)
    except RecordError:
        return


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@FUZZ
@given(data=st.data())
def test_any_damage_to_the_database_is_an_error_or_harmless(copy, whole, data):
    content = bytearray((whole / places.DATABASE).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=40))
        content[place : place + len(piece)] = piece
    cut = data.draw(st.integers(0, 2 * len(content)))
    for beside in copy.glob(f"{places.DATABASE}-*"):
        beside.unlink()
    (copy / places.DATABASE).write_bytes(content[:cut])
    reads_or_refuses(copy)


@FUZZ
@given(content=st.binary(max_size=2000), name=st.sampled_from([places.PRESET, places.DATABASE]))
def test_any_bytes_instead_of_a_file_are_an_error(copy, whole, content, name):
    for path in (places.PRESET, places.DATABASE):
        shutil.copy(whole / path, copy / path)
    for beside in copy.glob(f"{places.DATABASE}-*"):
        beside.unlink()
    (copy / name).write_bytes(content)
    with pytest.raises(RecordError):
        everything_in(copy)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@FUZZ
@given(data=st.data())
def test_any_change_of_the_preset_is_an_error_or_a_preset(copy, whole, data):
    table = json.loads((whole / places.PRESET).read_text())
    key = data.draw(st.sampled_from(sorted(table)))
    inner = table[key]
    if isinstance(inner, dict) and inner and data.draw(st.booleans()):
        inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(JSON)
    else:
        table[key] = data.draw(JSON)
    (copy / places.PRESET).write_text(json.dumps(table))
    reads_or_refuses(copy)


@FUZZ
@given(data=st.data())
def test_any_change_of_a_manifest_is_noticed(copy, whole, data):
    path = manifest.numbered(whole)[-1].path
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    changed = copy / path.name
    changed.write_bytes(content)
    try:
        read = manifest.read(changed)
    except RecordError:
        return
    # White space between the parts says nothing.
    assert read == manifest.read(path)


def test_a_manifest_names_files_of_its_own_directory_alone(copy):
    path = manifest.numbered(copy)[-1].path
    content = files.unsealed(path)
    for name in ("../../etc/passwd", "/etc/passwd", ".hidden.safetensors", "x.pt", ""):
        content["runs"][0]["moment"] = name
        files.write_json(path, files.sealed(content))
        with pytest.raises(RecordError, match="no file of a moment"):
            manifest.read(path)


def test_values_that_are_too_long_are_not_read(copy, monkeypatch):
    monkeypatch.setattr("dicttui.record.reading.LONGEST", 100)
    change(copy, "INSERT INTO events (at, kind, text) VALUES (0, 'x', ?)", "a" * 1000)
    with pytest.raises(RecordError):
        everything_in(copy)


def test_every_table_is_checked():
    made = {line.split()[2] for line in database.SCHEMA.splitlines() if line.startswith("CREATE")}
    assert made == set(database.TABLES)


def test_its_state_is_that_of_now_and_not_of_when_it_was_opened(record):
    training = record()
    training.advance(10)
    assert training.recorder._writer.flush(20)
    recorded = Recorded.open(training.recorder.directory)
    assert recorded.state == "running"
    training.advance(200)
    training.close()
    assert recorded.state == "finished"
    assert recorded.ended is not None


def test_a_lock_that_has_been_removed_is_not_taken(tmp_path, monkeypatch):
    from dicttui.record import lock

    def removes(descriptor, operation):
        (tmp_path / places.LOCK).unlink()

    monkeypatch.setattr(lock.fcntl, "flock", removes)
    with pytest.raises(RecordError, match="just been removed"):
        lock.Lock.take(tmp_path)
