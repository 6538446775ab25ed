"""Which samplers a loader of the host takes: two of them, in part."""

loaders_samplers = {
    "Transformers": {"temperature", "top_p", "top_k", "min_p", "do_sample", "tfs", "seed", "custom_token_bans"},
    "llama.cpp": {"temperature", "top_p", "top_k", "min_p", "seed", "custom_token_bans", "xtc_threshold", "xtc_probability"},
}
