"""One client for language models behind OpenAI-compatible services: strict, cheap, resumable."""

from __future__ import annotations

from rvebench.llm.batch import BatchProgress, BatchRunner
from rvebench.llm.batch_replies import BatchReplies
from rvebench.llm.batch_wire import OpenAIBatches
from rvebench.llm.budget import Budget
from rvebench.llm.cache import NullCache, ReplyCache, SqliteCache
from rvebench.llm.cassette import Cassette, open_cache
from rvebench.llm.client import LlmClient
from rvebench.llm.collector import calm_collector
from rvebench.llm.estimate import Estimate, Workload, calls_per_s, estimate_requests, estimate_workloads
from rvebench.llm.faults import (
    BudgetError,
    CallError,
    FatalCallError,
    LostReplyError,
    OutageError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    TransportError,
)
from rvebench.llm.ledger import COST_LOG_NAME, Spent, read_spent
from rvebench.llm.limits import Limits
from rvebench.llm.messages import (
    ChatMessage,
    ChatRequest,
    ImagePart,
    JsonSchema,
    Reply,
    Sampling,
    TextPart,
    TokenUsage,
)
from rvebench.llm.ports import Asker
from rvebench.llm.prices import PriceTable, load_prices, user_price_file
from rvebench.llm.stats import CallStats
from rvebench.llm.structured import Malformed, Parsed, Question, answer_schema, parse_scores
from rvebench.llm.tokens import TokenEstimate, estimate_tokens
from rvebench.llm.used import TrackedCache

__all__ = [
    "COST_LOG_NAME",
    "Asker",
    "BatchProgress",
    "BatchReplies",
    "BatchRunner",
    "Budget",
    "BudgetError",
    "CallError",
    "CallStats",
    "Cassette",
    "ChatMessage",
    "ChatRequest",
    "Estimate",
    "FatalCallError",
    "ImagePart",
    "JsonSchema",
    "Limits",
    "LlmClient",
    "LostReplyError",
    "Malformed",
    "NullCache",
    "OpenAIBatches",
    "OutageError",
    "Parsed",
    "PriceTable",
    "Question",
    "RateLimitedError",
    "RefusedError",
    "RejectedError",
    "Reply",
    "ReplyCache",
    "Sampling",
    "Spent",
    "SqliteCache",
    "TextPart",
    "TokenEstimate",
    "TokenUsage",
    "TrackedCache",
    "TransportError",
    "Workload",
    "answer_schema",
    "calls_per_s",
    "calm_collector",
    "estimate_requests",
    "estimate_tokens",
    "estimate_workloads",
    "load_prices",
    "open_cache",
    "parse_scores",
    "read_spent",
    "user_price_file",
]
