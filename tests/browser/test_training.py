"""Training in the panel, in a real browser: from a dropped export to an adapter, with a tiny model."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bench.voices import export, lines
from tests.models import tiny_folder

from .test_proof import RETAKE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_export_becomes_an_adapter_in_the_panel(open_window, start, tmp_path: Path, images: Path):
    chat, model = tmp_path / "friends.json", tiny_folder(tmp_path / "tiny")
    chat.write_text(json.dumps(export(lines(3, 14, 1))))
    server = start(tmp_path / "data", CUDA_VISIBLE_DEVICES="", OMP_NUM_THREADS="1")
    window = open_window(server.url, viewport={"width": 1900, "height": 1500}).open()
    find = window.find
    find("#familiar-training > button").click()
    find("#familiar-training-drop input[type=file]").set_input_files(chat)
    expect(find("#familiar-training-preview")).to_contain_text("Professor Aldous")
    find("#familiar-training-keep").click()
    expect(find("#familiar-training-preview")).to_contain_text("messages kept")
    expect(find("#familiar-training-chats")).to_contain_text("3 people")

    find("#familiar-training-members > button").click()
    for name in ("mia", "Professor Aldous"):
        find("#familiar-training-people label").filter(has_text=name).click()
        expect(find("#familiar-training-name input, #familiar-training-name textarea")).to_have_value(name)
        find("#familiar-training-consent label").filter(has_text="agreed").first.click()
        find("#familiar-training-save").click()
        expect(find("#familiar-training-people-note")).to_contain_text(f"Kept: {name}, ✓ consent.")

    find("#familiar-training-sampling > button").click()
    find("#familiar-training-run-name input, #familiar-training-run-name textarea").fill("friends")
    find("#familiar-training-chunk input").fill("256")
    find("#familiar-training-more > button").click()
    find("#familiar-training-model input, #familiar-training-model textarea").fill(str(model))
    find("#familiar-training-look").click()
    expect(find("#familiar-training-told")).to_contain_text("Read, and not learned: ")
    expect(find("#familiar-training-sample .learned").first).to_be_visible()
    expect(find("#familiar-training-sample")).to_contain_text("Sample 1 of ")
    find("#familiar-training-after").click()
    expect(find("#familiar-training-sample")).to_contain_text("Sample 2 of ")

    find("#familiar-training-running > button").click()
    find("#familiar-training-estimate").click()
    expect(find("#familiar-training-note")).to_contain_text("It fits")
    find("#familiar-training-start").click()
    expect(find("#familiar-training-about")).to_contain_text("friends is done", timeout=120_000)
    expect(find("#familiar-training-about figure.losses polyline").first).to_be_visible()
    expect(find("#familiar-training-runs label")).to_contain_text("done")
    assert (tmp_path / "data" / "runs" / "friends" / "adapter" / "adapter_model.safetensors").is_file()
    shots = [images] if os.environ.get(RETAKE) else [Path(os.environ["TEST_SHOTS"])] if "TEST_SHOTS" in os.environ else []
    for folder in shots:
        for each in ("more", "importing", "members"):
            find(f"#familiar-training-{each} > button").click()
        for name, scheme in (("training", "light"), ("training-dark", "dark")):
            window.page.emulate_media(color_scheme=scheme)
            window.page.wait_for_timeout(500)
            find("#familiar-training").screenshot(path=folder / f"{name}.png")
