"""The colours, the type and the spacing of the standalone page; nothing of it is fetched from elsewhere."""

from __future__ import annotations

from typing import Any


def theme() -> Any:
    """Return the theme for Gradio 6."""
    import gradio as gr

    colors = gr.themes.colors
    paper = colors.Color(
        name="paper",
        c50="#fbfaf7",
        c100="#f4f2ec",
        c200="#e8e4da",
        c300="#d5cfc1",
        c400="#aaa393",
        c500="#7d7668",
        c600="#5d574c",
        c700="#413d36",
        c800="#2a2824",
        c900="#1f1d1a",
        c950="#171613",
    )
    moss = colors.Color(
        name="moss",
        c50="#eef6f3",
        c100="#d8eae4",
        c200="#b3d6cb",
        c300="#86bcac",
        c400="#5b9f8c",
        c500="#3d8472",
        c600="#2f6b5d",
        c700="#27574c",
        c800="#21463e",
        c900="#1c3a34",
        c950="#0e211d",
    )
    # Gradio's semi-bold file of this family has no Latin letters in it, so bold stands in.
    sans = [gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), gr.themes.utils.fonts.Font("sans-serif")]
    mono = [gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), gr.themes.utils.fonts.Font("monospace")]
    base = gr.themes.Base(primary_hue=moss, secondary_hue=moss, neutral_hue=paper, radius_size="md", font=sans, font_mono=mono)
    return base.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_800",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_border_width="1px",
        input_border_color="*neutral_200",
        input_border_color_dark="*neutral_700",
        color_accent="*primary_600",
        color_accent_soft="*primary_100",
        color_accent_soft_dark="*primary_900",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="white",
        button_secondary_background_fill="*neutral_100",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover="*neutral_200",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_cancel_background_fill_hover="*neutral_200",
        button_cancel_background_fill_hover_dark="*neutral_700",
        slider_color="*primary_600",
    )
