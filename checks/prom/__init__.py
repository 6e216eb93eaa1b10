"""Where Prometheus is, and its query language as far as klinik reads it."""
