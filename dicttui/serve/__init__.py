"""A session over a socket: training that outlives the terminal. Free of torch until it trains."""
