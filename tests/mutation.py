"""Small faults put into the rules of a room, one at a time, to see that a test notices: `python -m tests.mutation`.

A fault (a mutant) is one change at one place of a module's syntax tree, by the operators of `_faults`. A child process
imports the module with the fault in it and runs the quick tests of the rules; a mutant under which all of them pass has
survived. Exit code 0 when at least LEAST of the mutants are killed, else 1.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib.abc
import importlib.machinery
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
MODULES = (
    *("decision", "entry_rules", "record_rules", "presence_rules", "posture_rules"),
    *("exit_observations", "freshness", "findings", "outcome", "reason"),
)
TESTS = ("test_rules_of_entry", "test_rules_of_exit", "test_decision_against_the_reference")
SEED = "20261124"
PATIENCE_S = 60
_OURS = (f"{ROOT}/contract/", f"{ROOT}/tests/")
_QUIETLY = ("-x", "-q", "--tb=no", "--assert=plain", "-pno:unraisableexception", f"--rootdir={ROOT}")
"""Plain asserts: explaining them to nobody costs more than running them."""
LEAST = 0.85
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


class Mutant(NamedTuple):
    """One fault: where and what it is, for people, and the whole module with it."""

    module: str
    line: int
    what: str
    source: str


def mutants(module: str) -> Iterator[Mutant]:
    """Every fault that the operators make in a module of the contract, in the order of its lines."""
    tree = ast.parse((ROOT / "contract" / f"{module}.py").read_text(encoding="utf-8"))
    for place, node in enumerate(_nodes(tree)):
        for number, (what, _) in enumerate(_faults(node)):
            changed = copy.deepcopy(tree)
            target = next(each for at, each in enumerate(_nodes(changed)) if at == place)
            _faults(target)[number][1]()
            told = f"{what}: {ast.unparse(node).splitlines()[0]}"
            yield Mutant(module, getattr(node, "lineno", 0), told[:110], ast.unparse(changed))


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that is run: annotations are not, and docstrings say nothing to a machine."""
    yield node
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    yield from _nodes(each)


def _faults(node: ast.AST) -> list[tuple[str, Callable[[], None]]]:
    """What may be done to one node: what it is called, and the act."""
    match node:
        case ast.Compare(ops=ops):
            return [
                (f"{type(each).__name__} to {other.__name__}", _act(node, "ops", [*ops[:at], other(), *ops[at + 1 :]]))
                for at, each in enumerate(ops)
                for other in _COMPARISONS[type(each)]
            ]
        case ast.BoolOp(op=op):
            return [("and/or swapped", _act(node, "op", ast.Or() if isinstance(op, ast.And) else ast.And()))]
        case ast.BinOp(op=op) if type(op) in _OPERATORS:
            return [("operator swapped", _act(node, "op", _OPERATORS[type(op)]()))]
        case ast.UnaryOp(op=ast.Not()):
            return [("not dropped", _act(node, "op", ast.UAdd()))]
        case ast.If(test=test) | ast.IfExp(test=test):
            return [("condition turned", _act(node, "test", ast.UnaryOp(ast.Not(), test)))]
        case ast.Constant(value=bool(value)):
            return [("constant turned", _act(node, "value", not value))]
        case ast.Constant(value=int(value)):
            return [("constant one more", _act(node, "value", value + 1))]
        case ast.Attribute(value=ast.Name(id="Reason")):
            return [("another reason", _act(node, "attr", "JOURNAL_UNAVAILABLE"))]
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            return [("nothing returned", _act(node, "value", ast.Constant(None)))]
        case ast.Expr(value=ast.Call()):
            return [("call dropped", _act(node, "value", ast.Constant(None)))]
        case ast.AugAssign():
            return [("nothing added", _act(node, "value", ast.List([], ast.Load())))]
    return []


def _act(node: ast.AST, member: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, member, value)


class _Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a mutant's text instead of its file."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != f"contract.{self._mutant.module}":
            return None
        return importlib.machinery.ModuleSpec(name, self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.source, module.__name__, "exec"), module.__dict__)  # noqa: S102 - what this is for


def survives(mutant: Mutant) -> bool:
    """Whether every quick test passes under the fault; in a process of its own, which is spoiled afterwards."""
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(_OURS):
            del sys.modules[name]
    sys.meta_path.insert(0, _Faulty(mutant))
    signal.signal(signal.SIGALRM, _lost_patience)
    signal.alarm(PATIENCE_S)
    return passing()


def passing() -> bool:
    """Whether the quick tests pass in this process; they say nothing."""
    files = [str(ROOT / "tests" / "contract" / f"{each}.py") for each in TESTS]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        return pytest.main([*_QUIETLY, *files]) == pytest.ExitCode.OK


def _lost_patience(signum: int, frame: object) -> None:
    """What no longer ends has been noticed."""
    pytest.exit("out of patience", returncode=1)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--module", choices=MODULES, action="append", help="only this one (may be repeated)")
    chosen = parser.parse_args(arguments).module or MODULES
    os.environ["SEKISHO_SEED"] = SEED
    started, made = time.monotonic(), [mutant for module in chosen for mutant in mutants(module)]
    if not passing():  # in this process: the children find everything read that is not ours
        print("the tests fail without any fault")  # noqa: T201 - a command
        return 1
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        found = pool.map(survives, made, chunksize=1)
    for mutant, survived in zip(made, found, strict=True):
        if survived:
            print(f"SURVIVED contract/{mutant.module}.py:{mutant.line} {mutant.what}")  # noqa: T201
    killed = len(found) - sum(found)
    score, took = killed / len(found), time.monotonic() - started
    print(f"{killed} of {len(found)} mutants killed: {score:.1%} (at least {LEAST:.0%}); {took:.0f} s")  # noqa: T201
    return 0 if score >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
