"""Signs that are multiplied by a constant and added to something, in one operation instead of two.

The gradient of an L1 penalty is its coefficient × sgn(code), and is added to the gradient of the
error. Such a product is exact, so that `add(error's, sgn, alpha=coefficient)` rounds once as the
two operations do, to the same bits.
"""

import math
from collections import Counter
from dataclasses import replace

import torch
from torch import Tensor

from dicttui.training.engines.operations import refs
from dicttui.training.engines.tape import Node, Ref, Tape

_aten = torch.ops.aten
_SIGNS = (_aten.sgn.default, _aten.sign.default)
_AS_IT_WAS = (_aten.expand.default, _aten.view.default, _aten.clone.default)
_OF_NUMBERS = (_aten.mul.Tensor, _aten.div.Tensor, _aten.neg.default)


def added_at_once(tape: Tape) -> Tape:
    """The tape with such pairs as one operation each; the product is no longer used then."""
    known = _Known(tape)
    uses = Counter(v for node in tape.nodes for v in refs((node.args, node.kwargs)))
    ends = (tape.code, tape.largest, tape.norms, tape.loss, *tape.gradients)
    uses.update(v for v in ends if v is not None)
    nodes = list(tape.nodes)
    for place, node in enumerate(tape.nodes):
        if node.op is not _aten.add.Tensor or node.kwargs:
            continue
        for product, other in (node.args, node.args[::-1]):
            if not (isinstance(product, Ref) and isinstance(other, Ref)):
                continue
            found = known.factors(product.value) if uses[product.value] == 1 else None
            if found is None:
                continue
            signs, coefficient = found
            layouts = [tape.values[v].layout for v in (node.results[0], signs, product.value)]
            if len({(layout.shape, layout.dtype) for layout in layouts}) == 1:
                nodes[place] = replace(
                    node, args=(other, Ref(signs)), kwargs={"alpha": coefficient}
                )
                break
    return replace(tape, nodes=nodes)


class _Known:
    """What is known of a tape's values, in every step."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._mutated = {storage for node in tape.nodes for storage in node.mutated}

    def factors(self, v: int) -> tuple[int, float] | None:
        """(signs, a constant) if a value is their product."""
        node = self._made_by(v)
        if node is None or node.op is not _aten.mul.Tensor:
            return None
        for signs, constant in (node.args, node.args[::-1]):
            if not (isinstance(signs, Ref) and isinstance(constant, Ref)):
                continue
            of_signs, number = self._made_by(signs.value), self._number(constant.value)
            if of_signs is not None and of_signs.op in _SIGNS and number is not None:
                return (signs.value, number.item()) if math.isfinite(number.item()) else None
        return None

    def _number(self, v: int) -> Tensor | None:
        """The one number that a value is made of, as torch computes it; None where there may be
        others.
        """
        node = self._made_by(v)
        if node is None or self._tape.values[v].layout.dtype != torch.float32:
            return None
        if node.op is _aten.ones_like.default:
            return torch.ones(())
        if node.op in _AS_IT_WAS and isinstance(node.args[0], Ref):
            return self._number(node.args[0].value)
        if node.op not in _OF_NUMBERS or node.kwargs:
            return None
        given = [self._number(a.value) if isinstance(a, Ref) else a for a in node.args]
        if not all(isinstance(a, (Tensor, int, float)) for a in given):
            return None
        result: Tensor = node.op(*given)
        return result

    def _made_by(self, v: int) -> Node | None:
        """The operation that gave a value to which nothing is written."""
        value = self._tape.values[v]
        unknown = value.node < 0 or value.storage in self._mutated
        return None if unknown else self._tape.nodes[value.node]
