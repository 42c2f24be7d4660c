"""ImportSchemaGen: puts the recipe's reviewed schema, or the one that follows from it, among the artifacts."""
