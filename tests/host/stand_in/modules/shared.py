"""The host's global variables, with the defaults of v4.7.3 where an extension can see them."""

from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

INSTRUCTION = "ChatML, written by the stand-in's chat.py; the host keeps a Jinja template here."
"""Holds no tool hint and no thinking hint, like SmolLM2's template."""

args = SimpleNamespace(
    extensions=[],
    multi_user=False,
    nowebui=False,
    api=True,
    api_port=5000,
    listen=False,
    listen_port=7860,
    verbose=False,
    portable=False,
    loader="Transformers",
    model="SmolLM2-135M-Instruct",
    lora=None,
    model_dir="user_data/models",
    lora_dir="user_data/loras",
    gradio_auth=None,
    idle_timeout=0,
    parallel=1,
)
settings: dict[str, Any] = {
    "mode": "instruct",
    "character": "Assistant",
    "user": "Default",
    "name1": "You",
    "name2": "AI",
    "user_bio": "",
    "greeting": "How can I help you today?",
    "context": "The following is a conversation with an AI.",
    "start_with": "",
    "custom_system_message": "",
    "instruction_template_str": INSTRUCTION,
    "chat_template_str": "name: message",
    "chat-instruct_command": 'Write a single reply for "<|character|>".\n\n<|prompt|>',
    "chat_style": "cai-chat",
    "selected_tools": [],
    "mcp_servers": "",
    "confirm_tool_calls": False,
    "enable_web_search": False,
    "include_past_attachments": True,
    "max_new_tokens": 512,
    "auto_max_new_tokens": True,
    "truncation_length": 8192,
    "custom_stopping_strings": "",
    "stream": True,
    "add_bos_token": True,
    "enable_thinking": True,
    "reasoning_effort": "medium",
    "preserve_thinking": False,
    "skip_special_tokens": True,
    "temperature": 0.6,
    "top_p": 0.95,
    "seed": -1,
    "default_extensions": [],
    "dark_theme": True,
    "show_controls": True,
}
default_settings = dict(settings)
not_on_the_page = ("character", "user", "default_extensions", "dark_theme", "show_controls")
"""Settings that are no part of a turn's `state` (the stand-in's own list)."""

user_data_dir = Path("user_data")
model: Any = None
tokenizer: Any = None
model_name = "None"
lora_names: list[str] = []
is_seq2seq = False
bos_token = "<|im_start|>"
eos_token = "<|im_end|>"
gradio: dict[str, Any] = {}
input_elements: list[str] = []
persistent_interface_state: dict[str, Any] = {}
generation_lock = Lock()
stop_everything = False
need_restart = False
processing_message = ""
