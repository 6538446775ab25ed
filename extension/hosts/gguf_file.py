"""A llama-architecture GGUF file, rewritten as a Hugging Face folder that transformers loads without knowing GGUF.

The weights are de-quantised to float32, so the folder says exactly what the GGUF says, no more: rounding that
happened when the GGUF was made stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingModel, MissingPackage
from . import gguf_tokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Weights = NDArray[np.float32]

Progress = Callable[[int, int], None]
"""Called with (weights done, weights in all)."""

OUTER = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight", "output.weight": "lm_head.weight"}
INNER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


class GGUFFile:
    """A GGUF file opened for reading: its metadata and its tensors.

    Raises MissingPackage without the `gguf` package, MissingModel where the file is missing, damaged or not a llama.
    """

    def __init__(self, path: Path) -> None:
        try:
            import gguf
        except ImportError as exc:
            raise MissingPackage("Reading a GGUF model needs the package gguf: pip install gguf") from exc
        try:
            self._reader = gguf.GGUFReader(path)
        except (OSError, ValueError, KeyError, IndexError, OverflowError) as exc:
            raise MissingModel(f"{path} is not a readable GGUF file ({exc}). Install the model's package again.") from exc
        self._path = path
        if self.value("general.architecture") != "llama":
            raise MissingModel(f"{path} holds a {self.value('general.architecture')} model; only llama models can be converted here.")

    def value(self, key: str, default: Any = None) -> Any:
        """Return one value of the metadata, or the default where the file does not have it."""
        field = self._reader.get_field(key)
        return default if field is None else field.contents()

    def rewrite(self, folder: Path, progress: Progress) -> None:
        """Write config, tokenizer and weights into an existing empty folder. Raises OSError, MissingModel."""
        for name, content in {**self._configs(), **gguf_tokenizer.files(self.value)}.items():
            (folder / name).write_text(content, encoding="utf-8")
        self._write_weights(folder / "model.safetensors", progress)

    def _configs(self) -> dict[str, str]:
        return {
            "config.json": json.dumps(self._config(), indent=2),
            "generation_config.json": json.dumps(gguf_tokenizer.special_ids(self.value), indent=2),
        }

    def _config(self) -> dict[str, Any]:
        heads = self.value("llama.attention.head_count")
        width = self.value("llama.embedding_length")
        theta = float(self.value("llama.rope.freq_base", 10000.0))
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_act": "silu",
            "hidden_size": width,
            "intermediate_size": self.value("llama.feed_forward_length"),
            "num_hidden_layers": self.value("llama.block_count"),
            "num_attention_heads": heads,
            "num_key_value_heads": self._kv_heads(),
            "head_dim": width // heads,
            "rms_norm_eps": round(float(self.value("llama.attention.layer_norm_rms_epsilon")), 9),
            "rope_theta": theta,
            "rope_parameters": {"rope_type": "default", "rope_theta": theta},
            "max_position_embeddings": self.value("llama.context_length"),
            "vocab_size": len(self.value("tokenizer.ggml.tokens")),
            "tie_word_embeddings": all(tensor.name != "output.weight" for tensor in self._reader.tensors),
            "dtype": "float32",
            **gguf_tokenizer.special_ids(self.value),
        }

    def _kv_heads(self) -> int:
        return int(self.value("llama.attention.head_count_kv", self.value("llama.attention.head_count")))

    def _write_weights(self, path: Path, progress: Progress) -> None:
        from gguf.quants import dequantize
        from safetensors.numpy import save_file

        total = sum(int(tensor.n_elements) for tensor in self._reader.tensors)
        weights: dict[str, Weights] = {}
        done = 0
        progress(done, total)
        for tensor in self._reader.tensors:
            weights[_name(tensor.name, self._path)] = self._in_order(tensor.name, dequantize(tensor.data, tensor.tensor_type))
            done += int(tensor.n_elements)
            progress(done, total)
        save_file(weights, path, metadata={"format": "pt"})

    def _in_order(self, name: str, weights: Weights) -> Weights:
        """Undo the interleaving of rotary halves that llama.cpp applies to query and key projections."""
        import numpy as np

        if name.endswith("attn_q.weight"):
            heads = int(self.value("llama.attention.head_count"))
        elif name.endswith("attn_k.weight"):
            heads = self._kv_heads()
        else:
            return np.ascontiguousarray(weights, dtype=np.float32)
        rows = weights.reshape(heads, weights.shape[0] // heads // 2, 2, -1).swapaxes(1, 2)
        return np.ascontiguousarray(rows.reshape(weights.shape), dtype=np.float32)


def _name(name: str, path: Path) -> str:
    """Return the Hugging Face name of a GGUF tensor of a llama."""
    if name in OUTER:
        return OUTER[name]
    parts = name.split(".")
    if len(parts) == 4 and parts[0] == "blk" and parts[2] in INNER:
        return f"model.layers.{parts[1]}.{INNER[parts[2]]}.{parts[3]}"
    raise MissingModel(f"{path} holds a tensor {name} that a llama does not have. Install the model's package again.")
