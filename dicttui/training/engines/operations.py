"""What is known of torch's operations: how they are written in TorchScript, and which of them
write to given memory.
"""

from typing import Any

import torch
from torch._ops import OpOverload

from dicttui.training.engines.engine import CannotCaptureError
from dicttui.training.engines.tape import Ref

LAYOUT_ONLY = {
    "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full",
    "new_empty", "new_empty_strided",
}  # fmt: skip
"""Operations that look at how a tensor lies and not at its numbers."""
_MOVING = {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss"}
"""Operations that need more memory on the way than their result takes, and so move it."""
_DTYPES = {
    torch.uint8: 0, torch.int8: 1, torch.int16: 2, torch.int32: 3, torch.int64: 4,
    torch.float16: 5, torch.float32: 6, torch.float64: 7, torch.bool: 11, torch.bfloat16: 15,
}  # fmt: skip
_FORMATS = {torch.contiguous_format: 0, torch.preserve_format: 1, torch.channels_last: 2}


class Name(str):
    """A name in the script."""

    __slots__ = ()


def text(value: Any) -> str:
    """An argument, as it is written. Raises CannotCaptureError where it cannot be."""
    if isinstance(value, Ref):
        return f"v{value.value}"
    if isinstance(value, Name):
        return value
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, torch.dtype) and value in _DTYPES:
        return str(_DTYPES[value])
    if isinstance(value, torch.memory_format) and value in _FORMATS:
        return str(_FORMATS[value])
    if isinstance(value, float) and value - value != 0:  # nan or inf
        return f"float('{value}')"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    raise CannotCaptureError(f"an argument of type {type(value).__name__} cannot be written down")


def refs(arguments: Any) -> set[int]:
    """The values that arguments refer to."""
    if isinstance(arguments, Ref):
        return {arguments.value}
    if isinstance(arguments, dict):
        arguments = list(arguments.values())
    if isinstance(arguments, (list, tuple)):
        return set().union(*map(refs, arguments))
    return set()


def out_variant(op: OpOverload) -> OpOverload | None:
    """The overload that writes to given memory, where torch has a kernel for it: the others only
    copy what they have made.
    """
    packet = op.overloadpacket
    if packet.__name__ in _MOVING:
        return None
    wanted = [(a.name, str(a.type)) for a in op._schema.arguments]
    for name in packet.overloads():
        found: OpOverload = getattr(packet, name)
        outs = [a for a in found._schema.arguments if a.kwarg_only and a.alias_info is not None]
        rest = [(a.name, str(a.type)) for a in found._schema.arguments if a not in outs]
        if (
            outs
            and rest == wanted
            and len(outs) == len(op._schema.returns)
            and torch._C._dispatch_has_kernel_for_dispatch_key(
                f"{packet._qualified_op_name}.{name}", "CPU"
            )
        ):
            return found
    return None


def call(op: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """A call of an operation; where its result lies is not said, it lies in host memory."""
    words = [text(argument) for argument in args]
    words += [
        f"{key}={text(value)}"
        for key, value in kwargs.items()
        if key not in ("device", "layout", "pin_memory") and value is not None
    ]
    return f"torch.ops.aten.{op.overloadpacket.__name__}({', '.join(words)})"
