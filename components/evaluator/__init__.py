"""Evaluator: judges a model on examples it has not seen and says, with numbers, whether it may be served."""
