"""The decisions. Pure: values and `now` in, a decision with its reason out."""
