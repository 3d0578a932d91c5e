"""What telling people brought and cost: purchases, what people answered, what channels cost a month."""
