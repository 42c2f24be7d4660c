"""Answers that a person looks at: a queue of doubtful pictures, and what reviewers decided about them."""
