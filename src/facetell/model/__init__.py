"""The networks, in torch: encoders, the detector around them, export. Needs the extra `train`."""
