"""What is shown, as tables, lines and sentences: pure, from objects as the API server gave them."""
