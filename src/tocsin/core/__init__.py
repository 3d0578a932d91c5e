"""The words of Tocsin: values that every other part speaks in. Standard library only."""
