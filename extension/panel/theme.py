"""The colours, the type and the spacing of the standalone page; nothing of it is fetched from elsewhere."""

from __future__ import annotations

from typing import Any

PAPER = ("#fbfaf7", "#f4f2ec", "#e8e4da", "#d5cfc1", "#aaa393", "#7d7668", "#5d574c", "#413d36", "#2a2824", "#1f1d1a", "#171613")
MOSS = ("#eef6f3", "#d8eae4", "#b3d6cb", "#86bcac", "#5b9f8c", "#3d8472", "#2f6b5d", "#27574c", "#21463e", "#1c3a34", "#0e211d")
"""Shades from 50, 100, 200 … 900 to 950."""

LOOK = {
    "body_background_fill": "*neutral_50",
    "body_background_fill_dark": "*neutral_950",
    "background_fill_primary": "white",
    "background_fill_primary_dark": "*neutral_900",
    "background_fill_secondary": "*neutral_100",
    "background_fill_secondary_dark": "*neutral_800",
    "body_text_color": "*neutral_900",
    "body_text_color_dark": "*neutral_100",
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "*neutral_300",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_label_text_color": "*neutral_600",
    "block_label_text_color_dark": "*neutral_300",
    "block_title_text_color": "*neutral_700",
    "block_title_text_color_dark": "*neutral_200",
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "*neutral_300",
    "border_color_primary": "*neutral_200",
    "border_color_primary_dark": "*neutral_700",
    "input_background_fill": "white",
    "input_background_fill_dark": "*neutral_900",
    "input_border_width": "1px",
    "input_border_color": "*neutral_200",
    "input_border_color_dark": "*neutral_700",
    "color_accent": "*primary_600",
    "color_accent_soft": "*primary_100",
    "color_accent_soft_dark": "*primary_900",
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_text_color": "white",
    "button_secondary_background_fill": "*neutral_100",
    "button_secondary_background_fill_dark": "*neutral_800",
    "button_secondary_background_fill_hover": "*neutral_200",
    "button_secondary_background_fill_hover_dark": "*neutral_700",
    "button_cancel_background_fill_hover": "*neutral_200",
    "button_cancel_background_fill_hover_dark": "*neutral_700",
    "slider_color": "*primary_600",
}
"""What differs from the base theme; `*name` refers to another of its values."""


def theme() -> Any:
    """Return the theme for Gradio 6."""
    import gradio as gr

    paper = gr.themes.colors.Color(*PAPER, name="paper")
    moss = gr.themes.colors.Color(*MOSS, name="moss")
    # Gradio's semi-bold file of this family has no Latin letters in it, so bold stands in.
    sans = [gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), gr.themes.utils.fonts.Font("sans-serif")]
    mono = [gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), gr.themes.utils.fonts.Font("monospace")]
    base = gr.themes.Base(primary_hue=moss, secondary_hue=moss, neutral_hue=paper, radius_size="md", font=sans, font_mono=mono)
    return base.set(**LOOK)
