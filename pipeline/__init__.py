"""What is run: recipes, the graph, the runners and the command line."""
