"""What a preset may say, and reading it; free of torch."""
