"""The neutral values of the host's samplers, as in v4.7.3."""

from typing import Any

NEUTRAL: dict[str, Any] = {
    "temperature": 1,
    "dynatemp_low": 1,
    "dynatemp_high": 1,
    "dynatemp_exponent": 1,
    "smoothing_factor": 0,
    "smoothing_curve": 1,
    "top_p": 1,
    "top_k": 0,
    "min_p": 0,
    "top_n_sigma": 0,
    "typical_p": 1,
    "xtc_threshold": 0.1,
    "xtc_probability": 0,
    "epsilon_cutoff": 0,
    "eta_cutoff": 0,
    "tfs": 1,
    "top_a": 0,
    "adaptive_target": 0,
    "adaptive_decay": 0.9,
    "dry_multiplier": 0,
    "dry_allowed_length": 2,
    "dry_base": 1.75,
    "repetition_penalty": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "encoder_repetition_penalty": 1,
    "no_repeat_ngram_size": 0,
    "repetition_penalty_range": 1024,
    "penalty_alpha": 0,
    "guidance_scale": 1,
    "mirostat_mode": 0,
    "mirostat_tau": 5,
    "mirostat_eta": 0.1,
    "do_sample": True,
    "dynamic_temperature": False,
    "temperature_last": False,
    "sampler_priority": "repetition_penalty\ntemperature\ntop_k\ntop_p",
    "dry_sequence_breakers": '"\\n", ":", "\\"", "*"',
}


def default_preset() -> dict[str, Any]:
    """Return them."""
    return dict(NEUTRAL)
