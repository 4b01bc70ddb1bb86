"""Where rows go: the exporter, storages and formats."""
