"""The Gradio panel and the standalone chat."""
