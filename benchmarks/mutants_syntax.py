"""Which faults `mutants.py` can put into a file: one place of the syntax tree is changed, and nothing else.

A *statement* is what faults are drawn by. A *unit* is what two revisions are paired by: a function that lies in no
other function, or a single statement outside functions, with its qualified name and its text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type[ast.cmpop], tuple[str, str, type[ast.cmpop]]] = {
    ast.Lt: ("<", "<=", ast.LtE),
    ast.LtE: ("<=", "<", ast.Lt),
    ast.Gt: (">", ">=", ast.GtE),
    ast.GtE: (">=", ">", ast.Gt),
    ast.Eq: ("==", "!=", ast.NotEq),
    ast.NotEq: ("!=", "==", ast.Eq),
    ast.Is: ("is", "is not", ast.IsNot),
    ast.IsNot: (r"is\s+not", "is", ast.Is),
    ast.In: ("in", "not in", ast.NotIn),
    ast.NotIn: (r"not\s+in", "in", ast.In),
}
SELF_NEGATED = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
"""To swap one of these is to negate it."""
ARITHMETIC: dict[type[ast.operator], tuple[str, str, type[ast.operator]]] = {
    ast.Add: ("+", "-", ast.Sub),
    ast.Sub: ("-", "+", ast.Add),
    ast.Mult: ("*", "/", ast.Div),
    ast.Div: ("/", "*", ast.Mult),
    ast.FloorDiv: ("//", "/", ast.Div),
    ast.Mod: ("%", "*", ast.Mult),
    ast.Pow: ("**", "*", ast.Mult),
}
NO_NUMBER = (ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.ListComp)
SKIPPED = (ast.Import, ast.ImportFrom, ast.Assert, ast.Raise, ast.Pass, ast.Global, ast.Nonlocal, ast.Delete)
"""Asserts are there for the type checker; what is raised is words."""
LOGS = {"debug", "info", "warning", "error", "exception", "warn", "log"}
SKIPPED_KEYWORDS = {"strict", "stacklevel"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Fault:
    """One way to change a file."""

    kind: str
    edits: tuple[tuple[int, int, bytes], ...]
    """Bytes from, to, and what stands there instead."""
    around: tuple[int, int]
    """The expression that is put in brackets where the change would read otherwise without."""
    alter: Callable[[], None]
    """Changes the tree as the edits change the text."""


@dataclass(frozen=True)
class Statement:
    """A statement that can be made faulty."""

    unit: str
    """Qualified name; of statements outside functions the class, or nothing."""
    unit_text: bytes
    begin: int
    """Where the unit begins in the file."""
    line: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Change:
    """A fault as it is written."""

    kind: str
    text: bytes
    """The whole file."""
    line: int
    before: str
    after: str


class Source:
    """A file, and where its lines begin."""

    def __init__(self, text: bytes) -> None:
        self.text, self.tree = text, ast.parse(text)
        self.lines = [0]
        for line in text.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def begin(self, node: Any) -> int:
        return int(self.lines[node.lineno - 1] + node.col_offset)

    def end(self, node: Any) -> int:
        return int(self.lines[node.end_lineno - 1] + node.end_col_offset)

    def span(self, node: Any) -> tuple[int, int]:
        return self.begin(node), self.end(node)

    def between(self, left: Any, right: Any, pattern: str, new: str) -> tuple[int, int, bytes] | None:
        """Put another operator between two nodes."""
        begin, end = self.end(left), self.begin(right)
        found = re.search(
            pattern.encode(), re.sub(rb"#[^\n]*", lambda comment: b" " * len(comment[0]), self.text[begin:end])
        )
        return (begin + found.start(), begin + found.end(), new.encode()) if found else None


# ---------------------------------------------------------------------- which statements


def statements(text: bytes) -> Iterator[Statement]:
    """All statements of a file that can be made faulty, in their order."""
    source = Source(text)
    yield from walked(source, source.tree.body, "", None)


def walked(source: Source, body: list[ast.stmt], name: str, unit: Function | None) -> Iterator[Statement]:
    for statement in body:
        if skipped(statement):
            continue
        inside: Any = unit
        own = name
        if isinstance(statement, Function | ast.ClassDef):
            own = f"{name}.{statement.name}".lstrip(".") if unit is None else name
            inside = unit or (statement if isinstance(statement, Function) else None)
        holder = inside or statement
        faults = tuple(faults_of(source, statement))
        if faults:
            begin, end = source.span(holder)
            yield Statement(own, source.text[begin:end], begin, statement.lineno, faults)
        for inner in bodies(statement):
            yield from walked(source, inner, own, inside)


def skipped(statement: ast.stmt) -> bool:
    """Whether a statement is left as it is: docstrings, `__all__`, what is for type checkers or logs alone."""
    match statement:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attribute, value=ast.Name(id=owner)))):
            return attribute in LOGS and owner.lower() in {"log", "logger", "_log", "_logger", "logging", "warnings"}
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
            return name.startswith("__")
        case ast.If(test=test):
            words = ast.unparse(test)
            return "TYPE_CHECKING" in words or "__name__" in words
    return isinstance(statement, SKIPPED)


def bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Lists of statements that lie in a statement."""
    for part in ("body", "orelse", "finalbody"):
        if isinstance(getattr(statement, part, None), list):
            yield getattr(statement, part)
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body


def expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Expressions of a statement itself: no annotations, no decorators, nothing that lies in a text."""
    if isinstance(statement, Function):
        waiting: list[ast.AST] = [*statement.args.defaults, *filter(None, statement.args.kw_defaults)]
    elif isinstance(statement, ast.ClassDef):
        waiting = []
    elif isinstance(statement, ast.AnnAssign):
        waiting = [] if statement.value is None else [statement.value]
    else:
        waiting = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr | ast.withitem)]
        waiting += [case.guard for case in getattr(statement, "cases", ()) if case.guard is not None]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.keyword) and node.arg in SKIPPED_KEYWORDS):
            continue
        yield node
        if isinstance(node, ast.Lambda):
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults), node.body]
        else:
            waiting += ast.iter_child_nodes(node)


# ---------------------------------------------------------------------- which faults


def faults_of(source: Source, statement: ast.stmt) -> Iterator[Fault]:
    """Each way to make a statement faulty."""
    span = source.span(statement)
    match statement:
        case ast.Return(value=ast.expr() as value) if not is_none(value):
            none = ast.Constant(None)
            yield Fault("return", ((*source.span(value), b"None"),), span, setter(statement, "value", none))
        case ast.Expr(value=ast.Call(args=[], keywords=[])):
            yield Fault("call", ((*span, b"pass"),), span, replacer(source.tree, statement, ast.Pass()))
        case ast.Continue():
            yield Fault("loop", ((*span, b"break"),), span, replacer(source.tree, statement, ast.Break()))
        case ast.Break():
            yield Fault("loop", ((*span, b"continue"),), span, replacer(source.tree, statement, ast.Continue()))
        case ast.If(test=test):
            yield from negated(source, statement, test)
        case ast.AugAssign(op=operator) if type(operator) in ARITHMETIC and not any(
            isinstance(node, NO_NUMBER) or is_text(node) for node in ast.walk(statement.value)
        ):
            old, new, kind = ARITHMETIC[type(operator)]
            edit = source.between(statement.target, statement.value, re.escape(old) + "=", f"{new}=")
            if edit:
                yield Fault("arithmetic", (edit,), span, setter(statement, "op", kind()))
    for node in expressions(statement):
        yield from faults_in(source, node)


def faults_in(source: Source, node: ast.AST) -> Iterator[Fault]:
    """Each way to change an expression itself, without what lies in it."""
    match node:
        case ast.Compare():
            sides = [node.left, *node.comparators]
            for place, operator in enumerate(node.ops):
                old, new, kind = COMPARISONS[type(operator)]
                edit = source.between(sides[place], sides[place + 1], old, new)
                if edit:
                    alter = setter(node, "ops", [*node.ops[:place], kind(), *node.ops[place + 1 :]])
                    yield Fault("comparison", (edit,), source.span(node), alter)
        case ast.BinOp(op=operator) if type(operator) in ARITHMETIC:
            if isinstance(node.left, NO_NUMBER) or isinstance(node.right, NO_NUMBER):
                return
            if is_text(node.left) or is_text(node.right):
                return
            old, new, kind = ARITHMETIC[type(operator)]
            edit = source.between(node.left, node.right, re.escape(old), new)
            if edit:
                yield Fault("arithmetic", (edit,), source.span(node), setter(node, "op", kind()))
        case ast.BoolOp(op=operator):
            old, new = ("and", "or") if isinstance(operator, ast.And) else ("or", "and")
            edits = [source.between(a, b, old, new) for a, b in zip(node.values, node.values[1:], strict=False)]
            if all(edits):
                swapped = ast.Or() if old == "and" else ast.And()
                yield Fault("and/or", tuple(filter(None, edits)), source.span(node), setter(node, "op", swapped))
        case ast.UnaryOp(op=ast.Not()):
            begin, end = source.span(node)
            word = re.match(rb"not\s*", source.text[begin:end])
            if word:
                edit = (begin, begin + word.end(), b"")
                yield Fault("not", (edit,), (begin, end), replacer(source.tree, node, node.operand))
        case ast.IfExp(test=test):
            yield from negated(source, node, test)
        case ast.Constant(value=bool() as value):
            edit = (*source.span(node), str(not value).encode())
            yield Fault("constant", (edit,), source.span(node), setter(node, "value", not value))
        case ast.Constant(value=int() | float() as number):
            edit = (*source.span(node), repr(number + 1).encode())
            if number + 1 != number:
                yield Fault("constant", (edit,), source.span(node), setter(node, "value", number + 1))


def negated(source: Source, holder: ast.AST, test: ast.expr) -> Iterator[Fault]:
    """The other way round, where no other fault does the same."""
    if isinstance(test, ast.UnaryOp) or (
        isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], SELF_NEGATED)
    ):
        return
    begin, end = source.span(test)
    edits = (begin, begin, b"not ("), (end, end, b")")
    yield Fault("condition", edits, (begin, end), setter(holder, "test", ast.UnaryOp(ast.Not(), test)))


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def setter(node: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(node, name, value)


def replacer(tree: ast.AST, old: ast.AST, new: ast.AST) -> Callable[[], None]:
    def alter() -> None:
        for node in ast.walk(tree):
            for name, value in ast.iter_fields(node):
                if value is old:
                    setattr(node, name, new)
                elif isinstance(value, list):
                    value[:] = [new if item is old else item for item in value]

    return alter


# ---------------------------------------------------------------------- a file with a fault


def changed(text: bytes, begin: int, unit_text: bytes, number: int, draw: Callable[[int], int]) -> Change | None:
    """Put a drawn fault into a statement of a unit; None where none of its faults can be written.

    Args:
        text: The whole file.
        begin: Where the unit begins, in bytes.
        unit_text: The unit's text, which tells units at one place apart.
        number: Which of the unit's statements.
        draw: A number below the one that it is given.
    """

    def own(source: bytes) -> tuple[Fault, ...]:
        found = [s for s in statements(source) if (s.begin, s.unit_text) == (begin, unit_text)]
        return found[number].faults

    order = list(range(len(own(text))))
    while order:
        place = order.pop(draw(len(order)))
        fault = own(text)[place]
        for edits in (fault.edits, bracketed(fault)):
            new = edited(text, edits)
            if reads_as_altered(text, new, begin, unit_text, number, place):
                return told(fault.kind, text, new)
    return None


def bracketed(fault: Fault) -> tuple[tuple[int, int, bytes], ...]:
    begin, end = fault.around
    return (begin, begin, b"("), *fault.edits, (end, end, b")")


def edited(text: bytes, edits: tuple[tuple[int, int, bytes], ...]) -> bytes:
    for begin, end, new in reversed(edits):
        text = text[:begin] + new + text[end:]
    return text


def reads_as_altered(text: bytes, new: bytes, begin: int, unit_text: bytes, number: int, place: int) -> bool:
    """Whether the new text says what the altered tree says, which differs from the old one."""
    source = Source(text)
    found = [s for s in walked(source, source.tree.body, "", None) if (s.begin, s.unit_text) == (begin, unit_text)]
    found[number].faults[place].alter()
    try:
        compile(new, "mutant", "exec", dont_inherit=True)
        return said(ast.parse(new)) == said(source.tree) != said(ast.parse(text))
    except (SyntaxError, ValueError):
        return False


def said(tree: ast.AST) -> str:
    """What a tree says: `(a or b) or c` is `a or b or c`."""
    return ast.dump(Flat().visit(tree))


class Flat(ast.NodeTransformer):
    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        inner = [v.values if isinstance(v, ast.BoolOp) and type(v.op) is type(node.op) else [v] for v in node.values]
        node.values = [value for values in inner for value in values]
        return node


def told(kind: str, text: bytes, new: bytes) -> Change:
    """The line that differs first, before and after."""
    lines, others = text.decode().splitlines(), new.decode().splitlines()
    at = next(place for place, (a, b) in enumerate(zip(lines, others, strict=False)) if a != b)
    return Change(kind, new, at + 1, lines[at].strip(), others[at].strip())
