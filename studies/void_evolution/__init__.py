"""Studies of voids at the lithium side with a sharp surface: in time, and at the pressure that keeps them."""
