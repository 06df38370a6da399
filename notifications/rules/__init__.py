"""Pure rules: topics and channels, routes, fields of templates, quiet hours, fail-over."""
