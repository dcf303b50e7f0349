"""Frees compiled functions, which TensorFlow would keep."""

from __future__ import annotations

import contextlib
from typing import Any

__all__ = ["release"]


def release(*functions: Any) -> None:
    """Free compiled functions (`tf.function`); they cannot be called afterwards.

    TensorFlow would keep them in memory for two reasons. A graph with a loop refers to itself in ways that Python's
    garbage collector does not see. And custom gradients, such as that of silu, stay registered together with the
    graph that they were made in.
    """
    with contextlib.suppress(Exception):  # private parts of TensorFlow; without them memory grows
        from tensorflow.python.framework.func_graph import dismantle_func_graph
        from tensorflow.python.framework.ops import gradient_registry

        for function in functions:
            for concrete in function._list_all_concrete_functions():
                for graph in _inner(concrete.graph):
                    for name in _own_gradients(graph):
                        gradient_registry._registry.pop(name, None)
                    dismantle_func_graph(graph)


def _inner(graph: Any) -> list[Any]:
    """The graphs of the loops and branches in a function's graph, innermost first, then that graph itself."""
    graphs = []
    for operation in graph.get_operations():
        for name in ("_body_graph", "_cond_graph", "_true_graph", "_false_graph"):
            part = getattr(operation, name, None)
            if part is not None:
                graphs += _inner(part)
    return [*graphs, graph]


def _own_gradients(graph: Any) -> list[str]:
    """The names under which a graph's custom gradients are registered."""
    names = [operation.node_def.attr.get("_gradient_op_type") for operation in graph.get_operations()]
    return [name.s.decode() for name in names if name is not None and name.s.startswith(b"CustomGradient-")]
