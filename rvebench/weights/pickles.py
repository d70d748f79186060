"""Reads what torch pickles, without unpickling: a stack machine that builds plain values and calls nothing.

A pickle is a program; Python's own unpickler runs it, and may call any function the file names. This machine knows
only the instructions that state dicts use. A global is never imported: it stays a name, and a handful of names have a
meaning here (an ordered dict, "rebuild this tensor", a dtype). Any other is refused and named, or, where only tensors
are wanted, becomes an :class:`Opaque` that swallows what the file does to it.

No torch is needed here.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from typing import IO, Any, Protocol, cast

from rvebench.errors import DataError
from rvebench.weights.pickle_names import (
    CALLS,
    NESTED_STORAGE,
    OPAQUE,
    Global,
    Opaque,
    ScriptModule,
    Storage,
    TensorSpec,
    is_known,
    key_of,
    storage_dtype,
    whole_number,
)

__all__ = ["PickleMachine"]

_MOST_WORK = 20_000_000
"""Instructions, and items that calls copy."""


class Stream(Protocol):
    """What pickletools reads from."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self) -> bytes: ...
    def tell(self) -> int: ...


class _Mark:
    __slots__ = ()


_MARK = _Mark()


class PickleMachine:
    """Reads one pickle after another of one file.

    Args:
        where: the file, for errors.
        ignore_others: an unknown global becomes an :class:`Opaque` instead of an error.
        open_nested: returns the storage in the bytes of a whole file that a pickle carries, and its numbers, or None
            to pass over them; without it such bytes are refused.
    """

    def __init__(
        self,
        where: object,
        *,
        ignore_others: bool = False,
        open_nested: Callable[[bytes], tuple[Storage, bytes] | None] | None = None,
    ) -> None:
        self._where = where
        self._open_nested = open_nested
        self._ignore = ignore_others
        self._count = 0
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self.globals: dict[str, None] = {}
        """The dotted names the file asked for, in order."""
        self.storages: dict[str, Storage] = {}
        """The storages it refers to, by key."""
        self.nested: dict[str, bytes] = {}
        """The bytes of those storages that lie in the pickle itself."""

    def load(self, stream: Stream) -> Any:
        """Returns the next pickle's value: numbers, texts, lists, tuples, dicts, :class:`TensorSpec`.

        A TorchScript module is the dict of its attributes; a set is a list.

        Raises:
            DataError: the pickle is cut or damaged, holds code, or uses what state dicts do not.
        """
        self._stack, self._memo = [], {}
        try:
            for opcode, argument, _ in pickletools.genops(cast("IO[bytes]", stream)):
                self._charge(1)
                self._step(opcode.name, argument)
            (value,) = self._stack
        except DataError:
            raise
        except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
            text = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise DataError(f"the pickle in it cannot be read: {text}", where=self._where) from None
        if value is _MARK:
            raise DataError("the pickle in it cannot be read: it ends in a mark", where=self._where)
        return value

    def _charge(self, work: int) -> None:
        self._count += work
        if self._count > _MOST_WORK:
            raise ValueError("it is too long for a state dict")

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _PUSHED:
            stack.append(argument)
        elif name in _FRESH:
            stack.append(_FRESH[name]())
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self._memo[int(argument)] = self._top()
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._top()
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self._memo[int(argument)])
        elif name == "MARK":
            stack.append(_MARK)
        elif name in _METHODS:
            _METHODS[name](self)
        elif name in ("GLOBAL", "INST"):
            module, _, attribute = argument.partition(" ")
            args = tuple(self._to_mark()) if name == "INST" else ()
            found = self._find(module, attribute)
            stack.append(found if name == "GLOBAL" else self._call(found, args))
        elif name not in ("PROTO", "FRAME", "STOP"):
            raise ValueError(f"instruction {name}")

    def _top(self) -> Any:
        value = self._stack[-1]
        if value is _MARK:
            raise ValueError("a mark where a value must stand")
        return value

    def _pop(self) -> Any:
        value = self._top()
        self._stack.pop()
        return value

    def _to_mark(self) -> list[Any]:
        for index in range(len(self._stack) - 1, -1, -1):
            if self._stack[index] is _MARK:
                items = self._stack[index + 1 :]
                del self._stack[index:]
                return items
        raise ValueError("a mark is missing")

    def _find(self, module: object, attribute: object) -> Global | Opaque:
        if not isinstance(module, str) or not isinstance(attribute, str):
            raise ValueError("a global whose name is no text")
        found = Global(module, attribute)
        self.globals.setdefault(found.dotted)
        if is_known(found):
            return found
        if self._ignore:
            return OPAQUE
        raise DataError(
            f"the file holds code ({found.dotted[:120]}); it was not loaded",
            where=self._where,
            hint="take weights from a source you trust, as .safetensors or a plain state dict",
        )

    def _call(self, function: object, args: object) -> object:
        if isinstance(function, Opaque):
            return function
        if not isinstance(function, Global) or not isinstance(args, tuple):
            raise ValueError("a call of something that is no function")
        if function.module.split(".")[0] == "__torch__":
            return ScriptModule()
        self._charge(sum(len(item) for item in args if isinstance(item, (list, str))))
        if any(isinstance(item, Opaque) for item in args[:4]) and function.dotted in CALLS:
            return OPAQUE
        if function.dotted == NESTED_STORAGE:
            return self._nest(args)
        call = CALLS.get(function.dotted)
        if call is None:
            raise ValueError(f"a call of {function.dotted}")
        return call(args)

    def _nest(self, args: tuple[object, ...]) -> object:
        if len(args) == 1 and isinstance(args[0], Opaque):
            return OPAQUE
        if len(args) != 1 or not isinstance(args[0], bytes) or self._open_nested is None:
            raise ValueError("a storage that is no run of bytes")
        opened = self._open_nested(args[0])
        if opened is None:
            return OPAQUE
        found, data = opened
        key = f"in the pickle {len(self.nested)}"
        self.nested[key] = data
        self.storages[key] = Storage(key, found.dtype, found.numel, found.start)
        return self.storages[key]

    def _global(self) -> None:
        attribute, module = self._pop(), self._pop()
        self._stack.append(self._find(module, attribute))

    def _reduce(self) -> None:
        args, function = self._pop(), self._pop()
        self._stack.append(self._call(function, args))

    def _reduce_ex(self) -> None:
        named = self._pop()
        if named and not isinstance(self._stack[-2], Opaque):
            raise ValueError("a call with named arguments")
        self._reduce()

    def _obj(self) -> None:
        items = self._to_mark()
        self._stack.append(self._call(items[0], tuple(items[1:])))

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, ScriptModule) and isinstance(state, dict):
            self._charge(len(state))
            target.update(state)
        elif not isinstance(target, (dict, Opaque, TensorSpec)):  # an ordered dict's `_metadata`, hooks: not needed
            raise ValueError("a state for something that has none")

    def _persistent(self) -> None:
        found = self._pop()
        if isinstance(found, (Opaque, Global)):
            raise ValueError("a reference that is not to a storage")
        if isinstance(found, tuple) and found and found[0] == "module" and len(found) > 1:
            self._stack.append(found[1])
            return
        kind, storage_type, key, _, numel, *view = found
        if kind != "storage" or not isinstance(key, (str, int)):
            raise ValueError("a reference that is not to a storage")
        whole = Storage(str(key), storage_dtype(storage_type), whole_number(numel))
        before = self.storages.setdefault(whole.key, whole)
        if (before.dtype, before.numel) != (whole.dtype, whole.numel):
            raise ValueError(f"storage {whole.key} is described in two ways")
        if view and view[0] is not None:
            _, start, length = view[0]
            whole = Storage(whole.key, whole.dtype, whole_number(length), whole_number(start))
        self._stack.append(whole)

    def _tuple_of(self, count: int) -> None:
        items = [self._pop() for _ in range(count)][::-1]
        self._stack.append(tuple(items))

    def _set_items(self, items: list[Any]) -> None:
        target = self._top()
        if isinstance(target, dict):
            for index in range(0, len(items) - 1, 2):
                target[key_of(items[index], len(target))] = items[index + 1]
        elif not isinstance(target, (Opaque, TensorSpec)):
            raise ValueError("items for something that is no dict")

    def _add(self, items: list[Any]) -> None:
        target = self._top()
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Opaque):
            raise ValueError("items for something that is no list")

    def _dict(self) -> None:
        items = self._to_mark()
        self._stack.append({})
        self._set_items(items)

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _append(self) -> None:
        value = self._pop()
        self._add([value])

    def _pop_one(self) -> None:
        self._stack.pop()

    def _pop_mark(self) -> None:
        self._to_mark()


_PUSHED = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_FRESH: Mapping[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,
    "EMPTY_TUPLE": tuple,
}
_METHODS: Mapping[str, Callable[[PickleMachine], None]] = {
    "STACK_GLOBAL": PickleMachine._global,
    "REDUCE": PickleMachine._reduce,
    "NEWOBJ": PickleMachine._reduce,
    "NEWOBJ_EX": PickleMachine._reduce_ex,
    "OBJ": PickleMachine._obj,
    "BUILD": PickleMachine._build,
    "BINPERSID": PickleMachine._persistent,
    "TUPLE": lambda machine: machine._stack.append(tuple(machine._to_mark())),
    "TUPLE1": lambda machine: machine._tuple_of(1),
    "TUPLE2": lambda machine: machine._tuple_of(2),
    "TUPLE3": lambda machine: machine._tuple_of(3),
    "LIST": lambda machine: machine._stack.append(machine._to_mark()),
    "FROZENSET": lambda machine: machine._stack.append(machine._to_mark()),
    "DICT": PickleMachine._dict,
    "SETITEM": PickleMachine._set_item,
    "SETITEMS": lambda machine: machine._set_items(machine._to_mark()),
    "APPEND": PickleMachine._append,
    "APPENDS": lambda machine: machine._add(machine._to_mark()),
    "ADDITEMS": lambda machine: machine._add(machine._to_mark()),
    "POP": PickleMachine._pop_one,
    "POP_MARK": PickleMachine._pop_mark,
    "DUP": lambda machine: machine._stack.append(machine._top()),
}
