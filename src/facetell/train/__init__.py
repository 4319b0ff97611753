"""The training kit: data → split → clips → one training loop → metrics. Needs the extra `train`."""
