"""The world: chain, contracts, models, data and the economy that ties them together."""
