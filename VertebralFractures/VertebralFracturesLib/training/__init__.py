"""Training of both networks: data, augmentation, losses, the loop, and one command per network."""
