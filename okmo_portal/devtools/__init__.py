"""Tools that start, check and measure the portal on a developer's machine and in CI."""
