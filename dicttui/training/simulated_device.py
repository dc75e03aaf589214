"""A simulated accelerator, "sim", for tests on machines without a GPU.

Its tensors keep their bytes apart from the CPU's, mixing the two raises as it does on a real
device, and transfers and synchronising reads are counted. It proves values, placement and syncs;
it says nothing about kernels, streams or speed. It is there only when `DICTTUI_SIMULATED_DEVICE=1`,
and has to be installed before the first backward pass of a process.
"""

import os
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils._pytree import tree_map

NAME = "sim:0"
VARIABLE = "DICTTUI_SIMULATED_DEVICE"
aten = torch.ops.aten

_library: torch.library.Library | None = None


class Counters:
    """What a real device would have to wait for."""

    to_device = 0
    to_host = 0
    reads = 0
    """Values fetched one by one, as by `.item()`."""


def installed() -> bool:
    """Whether the simulated device is there."""
    return _library is not None


def _bytes(value: Any) -> Any:
    return value.held if isinstance(value, SimulatedTensor) else value


class SimulatedTensor(torch.Tensor):
    """A tensor whose bytes are in `held`, a CPU tensor nobody else sees."""

    held: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> "SimulatedTensor":
        """Wrap the held bytes."""
        tensor = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=torch.device("sim", 0),
        )
        tensor.held = held
        return tensor

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"sim({self.held!r})"

    def tolist(self) -> Any:
        """Fetch all values."""
        Counters.reads += 1
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operator on the held bytes."""
        kwargs = dict(kwargs or {})
        if operator is aten._to_copy.default:
            return _to_copy(args[0], kwargs)
        if operator is aten.copy_.default:
            target, source = args[:2]
            _count(source, target)
            _bytes(target).copy_(_bytes(source))
            return target
        if operator is aten._local_scalar_dense.default:
            Counters.reads += 1
            return args[0].held.item()
        tensors: list[torch.Tensor] = []
        tree_map(lambda v: tensors.append(v) if isinstance(v, torch.Tensor) else None,
                 (args, kwargs))  # fmt: skip
        if any(not isinstance(t, SimulatedTensor) and t.dim() > 0 for t in tensors):
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, "
                f"sim:0 and cpu! (in {operator})"
            )
        if kwargs.get("device") is not None:
            kwargs["device"] = "cpu"
        result = operator(*tree_map(_bytes, args), **tree_map(_bytes, kwargs))
        same = {id(_bytes(t)): t for t in tensors if isinstance(t, SimulatedTensor)}

        def wrapped(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            return same[id(value)] if id(value) in same else SimulatedTensor(value)

        return tree_map(wrapped, result)


def _count(source: object, target: object) -> None:
    there, from_there = isinstance(target, SimulatedTensor), isinstance(source, SimulatedTensor)
    if there and not from_there:
        Counters.to_device += 1
    elif from_there and not there:
        Counters.to_host += 1


def _to_copy(tensor: Any, kwargs: dict[str, Any]) -> torch.Tensor:
    device = torch.device(kwargs.pop("device", None) or tensor.device)
    kwargs.pop("non_blocking", None)
    kwargs.pop("pin_memory", None)
    copied = aten._to_copy(_bytes(tensor), **kwargs)
    result = SimulatedTensor(copied) if device.type == "sim" else copied
    _count(tensor, result)
    return result


def install() -> None:
    """Register the device with torch; once a process, before its first backward pass."""
    global _library  # noqa: PLW0603
    if _library is not None:
        return
    from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

    module = SimpleNamespace(
        is_available=lambda: True,
        device_count=lambda: 1,
        current_device=lambda: 0,
        synchronize=lambda *_: None,
        _is_in_bad_fork=lambda: False,
        manual_seed_all=lambda _seed: None,
        get_amp_supported_dtype=lambda: [torch.bfloat16],
    )
    _setup_privateuseone_for_python_backend("sim", backend_module=module)

    def empty(size: Any, dtype: Any = None, **_: Any) -> torch.Tensor:
        return SimulatedTensor(torch.empty(size, dtype=dtype))

    def empty_strided(size: Any, stride: Any, dtype: Any = None, **_: Any) -> torch.Tensor:
        return SimulatedTensor(torch.empty_strided(size, stride, dtype=dtype))

    def copy_from(source: torch.Tensor, target: torch.Tensor, _non_blocking: bool = False) -> Any:
        _count(source, target)
        _bytes(target).copy_(_bytes(source))
        return target

    library: Any = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    library.impl("empty.memory_format", empty, "PrivateUse1")
    library.impl("empty_strided", empty_strided, "PrivateUse1")
    library.impl("_copy_from", copy_from, "PrivateUse1")
    _library = library


def install_if_asked() -> None:
    """Install it if the environment says so; nothing else can."""
    if os.environ.get(VARIABLE) == "1":
        install()
