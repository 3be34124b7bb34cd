"""The two networks in torch: spine curve (3D, 3 mm) and vertebrae (2D, straightened slice), with their weights."""
