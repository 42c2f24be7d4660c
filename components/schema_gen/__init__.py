"""ImportSchemaGen: puts the recipe's reviewed schema among the artifacts."""
