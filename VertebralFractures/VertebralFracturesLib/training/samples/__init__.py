"""What networks learn from: samples of real cases and synthetic patients, cached, cropped and augmented."""
