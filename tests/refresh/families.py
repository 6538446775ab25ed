"""Tokenizers of five families of models: each with the template and the special tokens of its own, and a small vocabulary."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

MISTRAL = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}{% set turns = messages[1:] %}"
    "{% else %}{% set turns = messages %}{% endif %}{% for message in turns %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('After the optional system message, conversation roles must alternate user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{% if loop.last and system is defined %}"
    "{{ '[INST] ' + system + '\n\n' + message['content'] + '[/INST]' }}"
    "{% else %}{{ '[INST] ' + message['content'] + '[/INST]' }}{% endif %}{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}"
    "{% endfor %}"
)
"""As mistralai/Mistral-7B-Instruct-v0.3 has it: the system prompt goes before the last message of the user."""

SPECIALS = {
    "llama3": ("<|begin_of_text|>", "<|eot_id|>", ("<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>")),
    "mistral": ("<s>", "</s>", ("[INST]", "[/INST]")),
    "gemma": ("<bos>", "<eos>", ("<start_of_turn>", "<end_of_turn>")),
    "qwen": (None, "<|im_end|>", ("<|im_start|>", "<|endoftext|>")),
    "phi3": ("<s>", "<|endoftext|>", ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>")),
}
"""The first token of texts, the last one, and those of the template."""
FILES = {"llama3": "llama3", "gemma": "gemma", "qwen": "qwen2_5", "phi3": "phi3"}
WORDS = [
    "ann bob carl: hello there, how are you? fine. yes no lol :)",
    "the group chat Participants: ann, bob\n\nuser assistant system model OK",
] * 4


@cache
def family(name: str) -> Any:
    """Return the tokenizer of a family: a byte-level one as Llama 3 and Qwen have it, or one with spaces before words as the others do."""
    bos, eos, rest = SPECIALS[name]
    specials = [
        AddedToken(token, special=True, normalized=False, rstrip=name == "phi3" and token in rest) for token in (bos, eos, *rest) if token
    ]
    if name in ("llama3", "qwen"):
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, special_tokens=specials, show_progress=False)
    else:
        made = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True))
        made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        if name == "gemma":
            made.normalizer = normalizers.Replace(" ", "▁")
        if name == "mistral":
            made.normalizer = None
            made.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
        made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        bytes_ = [AddedToken(f"<0x{number:02X}>", special=False) for number in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=[*specials, *bytes_], show_progress=False)
    made.train_from_iterator(WORDS, trainer)
    if bos:
        made.post_processor = processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[(bos, made.token_to_id(bos))])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, bos_token=bos, eos_token=eos, clean_up_tokenization_spaces=False)
    tokenizer.add_tokens(specials, special_tokens=True)
    tokenizer.chat_template = MISTRAL if name == "mistral" else template(FILES[name])
    return tokenizer


def template(name: str) -> str:
    """Return a chat template as its model ships it; the package trl carries many."""
    return (files("trl") / "chat_templates" / f"{name}.jinja").read_text(encoding="utf-8")
