"""The windows: web/ (TypeScript, built into web/dist and served by the API) and grafana/."""
