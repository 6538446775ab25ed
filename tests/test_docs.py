"""Documented is a test: settings, commands, hooks and make targets are in the documentation, and its links lead somewhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from extension.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "docker").rglob("*.md"))]
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)|<(?:img|a)\b[^>]*(?:src|href)=\"([^\"]+)\"")
HOOKS = {
    "setup",
    "ui",
    "custom_css",
    "custom_js",
    "history_modifier",
    "state_modifier",
    "chat_input_modifier",
    "input_modifier",
    "bot_prefix_modifier",
    "custom_generate_chat_prompt",
    "custom_tokenized_length",
    "custom_generate_reply",
    "tokenizer_modifier",
    "logits_processor_modifier",
    "output_modifier",
}


def words(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def hooks() -> set[str]:
    """Return the hooks of the webui that script.py gives a name to."""
    tree = ast.parse(words("extension/script.py"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    names |= {each.id for node in ast.walk(tree) if isinstance(node, ast.Assign) for each in node.targets if isinstance(each, ast.Name)}
    return names & HOOKS


def test_the_generated_pages_are_current():
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_is_documented(setting):
    assert f"| `{setting}` | `{PREFIX}{setting.upper()}` |" in words("docs/settings.md")


def test_every_setting_says_what_it_is():
    assert [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")] == []


def test_the_extension_has_the_hooks_it_cannot_do_without():
    assert {"setup", "ui", "custom_generate_chat_prompt", "output_modifier"} <= hooks()


def test_every_hook_is_documented():
    page = words("docs/webui.md")
    assert {hook for hook in hooks() if f"`{hook}`" not in page and f"`{hook}()`" not in page} == set()


def test_every_target_of_the_makefile_says_what_it_does():
    targets = set(re.findall(r"^([a-z][a-z-]*):(?! export).*## .", words("Makefile"), flags=re.MULTILINE))
    assert {"setup", "run", "test", "check", "fix", "bench", "host-test", "webui", "install", "help"} <= targets


def test_the_readme_names_the_commands_and_ci_runs_them():
    for command in ("make run", "make test", "make install WEBUI="):
        assert command in words("README.md")
    assert "make test" in words(".ci/run")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    dead = []
    for match in LINK.finditer(re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)):
        target, _, anchor = (match[1] or match[2]).partition("#")
        if ":" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            dead.append(match[0])
    assert dead == []
