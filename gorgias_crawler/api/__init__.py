"""The Gorgias API: what can be asked, and what comes back."""
