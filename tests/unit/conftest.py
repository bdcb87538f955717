"""Hypothesis looks for inputs that nobody thought of, however busy the machine is."""

import hypothesis

hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
