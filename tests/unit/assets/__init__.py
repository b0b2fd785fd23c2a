"""Assets beyond USDC: what they count for, how they leave, and how a debt is paid with them."""
