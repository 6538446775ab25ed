"""The tokenizer of a GGUF file, written as the files Hugging Face keeps a tokenizer in.

It is built from the vocabulary and merges themselves. (The converter in transformers 5 loses the digits rule, the
decoder and the end token of SmolLM2; its replies then never stop.)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import MissingModel

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Values = Callable[..., Any]
"""Returns one value of the GGUF's metadata by key, or the given default."""

CONTROL, USER_DEFINED = 3, 4
DIGIT_WISE = ("smollm",)
"""Names of pre-tokenizers (`tokenizer.ggml.pre`) that this module can rebuild."""


def files(value: Values) -> dict[str, str]:
    """Return the tokenizer's files as {file name: content}. Raises MissingModel for a kind that cannot be rebuilt."""
    template = value("tokenizer.chat_template", "")
    contents = {
        "tokenizer.json": rebuilt(value).to_str(),
        "tokenizer_config.json": json.dumps(_config(value, template), indent=2, ensure_ascii=False),
    }
    return {**contents, "chat_template.jinja": template} if template else contents


def special_ids(value: Values) -> dict[str, int]:
    """Return the ids of the begin, end and padding tokens under the names configs use, as far as the file has them."""
    names = {"bos_token_id": "bos", "eos_token_id": "eos", "pad_token_id": "padding"}
    found = {name: value(f"tokenizer.ggml.{key}_token_id") for name, key in names.items()}
    return {name: int(token) for name, token in found.items() if token is not None}


def rebuilt(value: Values) -> Tokenizer:
    """Return the byte-level BPE tokenizer that the metadata describes."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    kind, pre = value("tokenizer.ggml.model"), value("tokenizer.ggml.pre")
    if kind != "gpt2" or pre not in DIGIT_WISE:
        raise MissingModel(f"The tokenizer kind {kind}/{pre} cannot be rebuilt here. Name a Hugging Face folder in FAMILIAR_MODEL instead.")
    tokens, types = value("tokenizer.ggml.tokens"), value("tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ", 1)) for merge in value("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={token: id_ for id_, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    controls = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL]
    own = [token for token, kind in zip(tokens, types, strict=True) if kind == USER_DEFINED]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in controls])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in own])
    return tokenizer


def _config(value: Values, template: str) -> dict[str, Any]:
    tokens = value("tokenizer.ggml.tokens")
    names = {"bos_token": "bos", "eos_token": "eos", "pad_token": "padding", "unk_token": "unknown"}
    ids = {name: value(f"tokenizer.ggml.{key}_token_id") for name, key in names.items()}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": value("llama.context_length"),
        "clean_up_tokenization_spaces": False,
        "add_prefix_space": False,
        **{name: tokens[id_] for name, id_ in ids.items() if id_ is not None},
        **({"chat_template": template} if template else {}),
    }
