"""The rules decide, and do nothing else: values and `now` go in, a decision with its reason comes out."""
