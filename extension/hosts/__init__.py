"""What runs a model: an OpenAI-compatible server, transformers in this process, or a script. See ports.Host."""
