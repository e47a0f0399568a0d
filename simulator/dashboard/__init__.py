"""The page in the browser on which one watches, steps and changes a run."""
