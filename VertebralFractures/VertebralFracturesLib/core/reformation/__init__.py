"""Images of single vertebrae in their true lengths, and how far the straightened slice departs from them."""
