# The worker's image with training, for a schedule that retrains: docs/retraining.md.
#   docker build -t anomaly-app --build-arg LOCK=requirements-store.lock -f deploy/Dockerfile .
#   docker build -t anomaly-retrain -f deploy/retrain.Dockerfile .
FROM anomaly-app
USER root
# The extra "training" of pyproject.toml.
RUN pip install --no-cache-dir "jinja2>=3.1,<4" "matplotlib>=3.10,<4" "polars>=2.1,<3" "rich>=15,<16"
COPY training ./training
USER worker
HEALTHCHECK NONE
CMD ["python", "-m", "training", "retrain", "--last", "30d", "--only-if-better"]
