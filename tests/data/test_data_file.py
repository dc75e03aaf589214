"""A person's own samples, and every way in which their file can be wrong."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from dicttui.data import file as file_module
from dicttui.data import memory
from dicttui.data.error import DataError
from dicttui.data.source import open_source
from dicttui.preset.data import FileData

X = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)


def write(path: Path, x: np.ndarray) -> Path:
    """x in the format that the path's ending names."""
    if path.suffix == ".npy":
        np.save(path, x)
    elif path.suffix == ".npz":
        np.savez(path, x=x)
    elif path.suffix == ".pt":
        torch.save(torch.from_numpy(x), path)
    else:
        save_file({"x": torch.from_numpy(x)}, path)
    return path


def open_file(path: Path | str, directory: Path = Path(), **keys):
    return open_source(FileData(kind="file", path=str(path), **keys), 0, directory)


def refusal(path: Path | str, directory: Path = Path(), **keys) -> str:
    with pytest.raises(DataError) as caught:
        open_file(path, directory, **keys).draw()
    return str(caught.value)


ENDINGS = [".npy", ".npz", ".pt", ".safetensors"]
TYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", TYPES)
def test_every_format_and_type_becomes_float32(tmp_path, ending, dtype):
    x = (X * 10).astype(dtype) if "int" not in dtype else np.abs(X * 10).astype(dtype)
    source = open_file(write(tmp_path / f"x{ending}", x))
    assert source.d_in == 5
    samples = source.draw()
    assert samples.train.dtype == torch.float32
    np.testing.assert_array_equal(samples.train.numpy(), x.astype(np.float32))


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_bfloat16_becomes_float32(tmp_path, ending):
    x = torch.from_numpy(X).bfloat16()
    path = tmp_path / f"x{ending}"
    torch.save(x, path) if ending == ".pt" else save_file({"x": x}, path)
    assert torch.equal(open_file(path).draw().train, x.float())


@pytest.mark.parametrize("x", [np.asfortranarray(X), X.astype(">f4"), X.astype(">f8"), X[::2]])
@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_any_memory_layout_of_numpy_is_read(tmp_path, x, ending):
    train = open_file(write(tmp_path / f"x{ending}", x)).draw().train
    np.testing.assert_array_equal(train.numpy(), x.astype(np.float32))


def test_a_file_of_old_torch_is_read(tmp_path):
    path = tmp_path / "x.pt"
    torch.save(torch.from_numpy(X), path, _use_new_zipfile_serialization=False)
    np.testing.assert_array_equal(open_file(path).draw().train.numpy(), X)


def test_a_parameter_in_a_nested_dict_is_read(tmp_path):
    path = tmp_path / "x.pt"
    content = {"layers": [{"x": torch.nn.Parameter(torch.from_numpy(X))}], "step": 3}
    torch.save(content, path)
    train = open_file(path, array="layers.0.x").draw().train
    assert not train.requires_grad
    np.testing.assert_array_equal(train.numpy(), X)


def test_a_relative_path_starts_at_the_presets_directory(tmp_path):
    write(tmp_path / "x.npy", X)
    assert open_file("x.npy", tmp_path).draw().n == 20
    assert str(tmp_path / "y.npy") in refusal("y.npy", tmp_path)


def test_a_tilde_is_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "x.npy", X)
    assert open_file("~/x.npy", Path("/nowhere")).draw().n == 20
    assert "home directory" in refusal("~no-such-user-here/x.npy")


def test_the_description_names_the_file_and_the_array(tmp_path):
    source = open_file(write(tmp_path / "x.npz", X), held_out=4)
    assert source.description == "x.npz[x] 16 × 5, full batch, 4 held out"


def test_one_of_several_arrays_is_read_by_name(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, first=X, second=X * 2)
    np.testing.assert_array_equal(open_file(path, array="second").draw().train.numpy(), X * 2)


def several(path: Path) -> Path:
    arrays = {"first": X, "second": X[:, 0]}
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        tensors = {name: torch.tensor(x) for name, x in arrays.items()}
        torch.save(tensors, path) if path.suffix == ".pt" else save_file(tensors, path)
    return path


@pytest.mark.parametrize("ending", ENDINGS[1:])
def test_several_arrays_need_a_name_and_are_listed(tmp_path, ending):
    path = several(tmp_path / f"x{ending}")
    message = refusal(path)
    for part in (str(path), "'first' (20 × 5 float32)", "'second' (20 float32)", "`array`"):
        assert part in message
    message = refusal(path, array="third")
    assert "'third'" in message
    assert "'first'" in message
    assert open_file(path, array="first").d_in == 5


def test_a_name_for_the_only_array_without_one_is_refused(tmp_path):
    assert "leave out array = 'x'" in refusal(write(tmp_path / "x.npy", X), array="x")


def test_a_missing_file_a_directory_and_an_unknown_ending_are_refused(tmp_path):
    assert "there is no such file" in refusal(tmp_path / "x.npy")
    assert "there is no such file" in refusal("nul\0byte.npy")
    assert "is a directory" in refusal(tmp_path)
    (tmp_path / "x.csv").write_text("1,2")
    assert ".safetensors" in refusal(tmp_path / "x.csv")


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_empty_file_is_refused(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    path.touch()
    assert "is empty (0 bytes)" in refusal(path)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.99])
def test_a_truncated_file_is_refused(tmp_path, ending, share):
    path = write(tmp_path / f"x{ending}", np.tile(X, (50, 1)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    message = refusal(path)
    assert str(path) in message
    assert "truncated" in message or "damaged" in message


def test_a_truncated_npy_says_how_much_is_missing(tmp_path):
    path = write(tmp_path / "x.npy", X)
    path.write_bytes(path.read_bytes()[:-4])
    assert "promises 400 bytes of data and 396 are there" in refusal(path)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("content", [b"not what it says", b"PK\x03\x04", b"\x93NUMPY", b"\x80\x02"])
def test_a_file_of_another_format_is_refused(tmp_path, ending, content):
    path = tmp_path / f"x{ending}"
    path.write_bytes(content * 20)
    message = refusal(path)
    assert str(path) in message
    assert "damaged" in message


@pytest.mark.parametrize("ending", ENDINGS)
@given(data=st.data())
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_damaged_file_is_read_or_refused_but_never_crashes(tmp_path, ending, data):
    path = write(tmp_path / f"x{ending}", X)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    train, message = torch.zeros(1), str(path)
    try:
        train = open_file(path).draw().train
    except DataError as error:
        message = str(error)
    assert str(path) in message
    assert torch.isfinite(train).all()


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (X.astype(complex), "complex128"),
        (X > 0, "bool"),
        (np.array([["a", "b"]]), "str"),
        (np.array([[{}, []]], dtype=object), "object"),
        (X.astype("f4,f4"), "structured|void"),
        (X[:, 0], "has shape 20, and samples have two dimensions"),
        (np.float32(3), "a single number"),
        (X.reshape(4, 5, 5), "4 × 5 × 5.*flatten"),
        (X[:0], "0 × 5, so it holds no samples"),
        (X[:, :0], "20 × 0, so it holds no samples"),
    ],
)
@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_what_cannot_be_samples_is_refused(tmp_path, x, reason, ending):
    path = tmp_path / f"x{ending}"
    if ending == ".npy":
        np.save(path, x, allow_pickle=True)
    else:
        np.savez(path, x=x)
    with pytest.raises(DataError, match=reason) as caught:
        open_file(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (torch.ones(3, 2, dtype=torch.complex64), "complex64"),
        (torch.ones(3, 2) > 0, "bool"),
        (torch.ones(3, 2).to_sparse(), "sparse"),
        (torch.ones(3, 2, device="meta"), "without data"),
        (torch.ones(3), "two dimensions"),
        ({"note": "no tensor"}, "holds no array"),
        (Path("somewhere"), "could run code"),
    ],
)
def test_what_cannot_be_samples_is_refused_in_pt(tmp_path, content, reason):
    path = tmp_path / "x.pt"
    torch.save(content, path)
    with pytest.raises(DataError, match=reason):
        open_file(path).draw()


def test_opening_a_pickle_runs_none_of_it(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    torch.save(Trap(), tmp_path / "x.pt")
    np.save(tmp_path / "x.npy", np.array([[Trap()]], dtype=object), allow_pickle=True)
    for name in ("x.pt", "x.npy"):
        refusal(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("ending", ENDINGS)
def test_samples_that_are_not_finite_are_counted_and_named(tmp_path, ending):
    x = X.copy()
    x[3, 0] = np.nan
    x[7, 4] = -np.inf
    x[7, 1] = np.nan
    message = refusal(write(tmp_path / f"x{ending}", x))
    assert "of 20 samples, 2 samples hold NaN or infinity (rows 3, 7)" in message


def test_numbers_beyond_float32_are_named_as_not_finite(tmp_path):
    x = X.astype(np.float64)
    x[2, 2] = 1e300
    assert "1 sample holds NaN or infinity (row 2)" in refusal(write(tmp_path / "x.npy", x))


def test_only_the_first_of_many_bad_samples_are_named(tmp_path):
    x = np.full((500_000, 5), np.nan, dtype=np.float32)
    message = refusal(write(tmp_path / "x.npy", x))
    assert "500000 samples hold NaN or infinity (rows 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …)" in message


@pytest.mark.parametrize("held_out", [20, 250, 0.99])
def test_a_split_that_leaves_nothing_is_refused_before_anything_is_read(tmp_path, held_out):
    path = write(tmp_path / "x.npy", X)
    with pytest.raises(DataError, match=r"held_out.*leaves none.*hold out at most 19"):
        open_file(path, held_out=held_out)


@pytest.mark.parametrize(
    ("keys", "n"), [({}, "(20)"), ({"held_out": 0.1}, "(18) after 2 of 20 are held out")]
)
def test_a_batch_of_more_samples_than_there_are_is_refused_before_anything_is_read(
    tmp_path, keys, n
):
    path = write(tmp_path / "x.npy", X)
    with pytest.raises(DataError) as caught:
        open_file(path, batch_size=50, **keys)
    assert str(caught.value) == (
        "data.batch_size: 50 is more than there are samples; allowed: 0 (full batch) to n " + n
    )


@pytest.mark.parametrize(("batch_size", "samples_of_a_step"), [(0, 18), (1, 1), (17, 17), (18, 18)])
def test_a_batch_that_fits_is_served(tmp_path, batch_size, samples_of_a_step):
    source = open_file(write(tmp_path / "x.npy", X), held_out=2, batch_size=batch_size)
    assert source.draw().batch(0, torch.device("cpu")).shape == (samples_of_a_step, 5)


def test_opening_reads_the_header_alone(tmp_path):
    path = tmp_path / "large.npy"
    np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(2**26, 64)).flush()
    assert path.stat().st_size > 2**34
    assert open_file(path).d_in == 64


def test_writing_a_small_file_again_does_not_touch_what_was_drawn(tmp_path):
    path = write(tmp_path / "x.npy", X)
    samples = open_file(path).draw()
    with path.open("r+b") as stream:
        stream.truncate(0)
    np.testing.assert_array_equal(samples.train.numpy(), X)


@pytest.mark.parametrize("replacement", [X[:7], X[:, :2], X[0]])
def test_a_file_that_changes_between_opening_and_drawing_is_refused(tmp_path, replacement):
    path = write(tmp_path / "x.npy", X)
    source = open_file(path)
    write(path, replacement)
    with pytest.raises(DataError, match="was replaced"):
        source.draw()


def test_large_samples_stay_in_the_files_memory_map(tmp_path, monkeypatch):
    monkeypatch.setattr(file_module, "MAPPED_BYTES", 0)
    path = write(tmp_path / "x.npy", X)
    samples = open_file(path).draw()
    with path.open("r+b") as stream:
        stream.seek(-4, 2)
        stream.write(np.float32(123).tobytes())
    assert samples.train[-1, -1] == 123


def test_what_cannot_fit_into_memory_is_refused(tmp_path, monkeypatch):
    tiny = SimpleNamespace(virtual_memory=lambda: SimpleNamespace(available=X.nbytes - 1))
    monkeypatch.setattr(memory, "psutil", tiny)
    for ending in ENDINGS:
        message = refusal(write(tmp_path / f"x{ending}", X))
        assert "GiB of memory" in message
        assert str(tmp_path) in message


def test_a_file_without_permission_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path / "x.npy", X)

    def denied(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refusal(path) == f"{path}: cannot be read: Permission denied"


def test_pictures_have_as_many_pixels_as_a_sample_has_features(tmp_path):
    path = write(tmp_path / "x.npy", np.ones((4, 12), dtype="float32"))
    assert open_file(path, image=(3, 4)).d_in == 12
    assert open_file(path, image=(2, 2, 3)).d_in == 12
    told = refusal(path, image=(3, 5))
    assert told.startswith("data.image: 3 × 5 is 15 numbers, and a sample has 12")
    with pytest.raises(ValueError, match="height, width"):
        open_file(path, image=(3, 2, 2))
