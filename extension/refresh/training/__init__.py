"""The training of an adapter: a process of its own, that reads a dataset folder and leaves a LoRA adapter in a run folder."""
