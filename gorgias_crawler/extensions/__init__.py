"""What goes along with a run."""
