"""What tokens cost: a dated table that a file of the user's overrides. A model without a row has no known cost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rvebench.errors import UsageError
from rvebench.llm.messages import TokenUsage
from rvebench.llm.tokens import model_family

__all__ = ["PRICES_VARIABLE", "Price", "PriceTable", "load_prices", "user_price_file"]

PRICES_VARIABLE = "RVEBENCH_PRICES"
_BUILT_IN = Path(__file__).with_name("prices.yaml")
_PER = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one model's tokens cost, in USD per million."""

    model: str
    input_usd: float
    cached_input_usd: float
    output_usd: float
    batch_discount: float = 0.0
    """Part that the Batch API takes off, 0..1."""
    as_of: str
    """When the price was read: year, month, and perhaps day."""
    source: str

    def cost_usd(self, usage: TokenUsage, *, batch: bool = False) -> float:
        """Returns what a call cost.

        Args:
            usage: tokens as the service counted them.
            batch: it went through the Batch API.
        """
        cached = min(usage.cached_input_tokens, usage.input_tokens)
        amount = (
            (usage.input_tokens - cached) * self.input_usd
            + cached * self.cached_input_usd
            + usage.output_tokens * self.output_usd
        )
        return amount / _PER * (1.0 - self.batch_discount if batch else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices by model."""

    rows: Mapping[str, Price]
    origin: str = "built in"
    """Where the rows are from, for the report."""

    def find(self, model: str) -> Price | None:
        """Returns the price of a model: of just this snapshot, else of its family; None when it is not known.

        A maker's list price stands for resellers too; who pays another one says so in a file of their own.
        """
        name = model.lower()
        for key in (name, name.rsplit("/", 1)[-1], model_family(model)):
            if key in self.rows:
                return self.rows[key]
        return None

    def cost_usd(self, model: str, usage: TokenUsage, *, batch: bool = False) -> float | None:
        """Returns what a call cost, or None when the model's price is not known: never 0 for want of a row."""
        price = self.find(model)
        return None if price is None else price.cost_usd(usage, batch=batch)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    input: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    output: float = Field(ge=0)
    batch_discount: float = Field(default=0.0, ge=0, le=1)
    as_of: str
    source: str = "given by the user"

    @field_validator("as_of", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        # YAML reads 2025-06-01 as a date.
        return value if isinstance(value, str) else str(value)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["rve-prices/1"] = Field(alias="schema")
    models: dict[str, _Row]


def user_price_file(option: Path | None = None, environment: Mapping[str, str] | None = None) -> Path | None:
    """Returns the user's price file: the option, else `$RVEBENCH_PRICES`, else None."""
    if option is not None:
        return option
    named = (os.environ if environment is None else environment).get(PRICES_VARIABLE, "")
    return Path(named) if named else None


def load_prices(user_file: Path | None = None) -> PriceTable:
    """Returns the built-in table, overridden row by row by the user's.

    Args:
        user_file: YAML in the form of the built-in `prices.yaml`; see :func:`user_price_file`.

    Raises:
        UsageError: the file is not there, or not a price table.
    """
    rows = _read(_BUILT_IN)
    if user_file is None:
        return PriceTable(rows=rows)
    return PriceTable(rows={**rows, **_read(user_file)}, origin=f"built in, overridden by {user_file.name}")


def _read(path: Path) -> dict[str, Price]:
    import yaml

    try:
        table = _Table.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"the price table cannot be read: {error.strerror or error}", where=path) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"not a YAML file: {' '.join(str(error).split())}", where=path) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(
            f"not a price table: {key}: {first['msg']}",
            where=path,
            hint="each row has input, output and as_of, in USD per million tokens; cached_input, batch_discount and "
            "source may be given, under `schema: rve-prices/1` and `models:`",
        ) from None
    return {
        name.lower(): Price(
            model=name.lower(),
            input_usd=row.input,
            cached_input_usd=row.input if row.cached_input is None else row.cached_input,
            output_usd=row.output,
            batch_discount=row.batch_discount,
            as_of=row.as_of,
            source=row.source,
        )
        for name, row in table.models.items()
    }
