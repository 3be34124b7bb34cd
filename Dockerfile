# VertebralFractures as a BIDS App. Needs the base image and a Python package index, and nothing else from the network:
#   docker build --build-arg PIP_INDEX_URL=https://index.example/simple -t vertebral-fractures .
#   docker run --rm --network none -v DATA:/data:ro -v OUT:/out vertebral-fractures /data /out participant
FROM python:3.12-slim-bookworm AS build
ARG PIP_INDEX_URL=https://pypi.org/simple
ARG PIP_EXTRA_INDEX_URL=
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY VertebralFractures VertebralFractures
RUN python -m venv /opt/vertebral-fractures && /opt/vertebral-fractures/bin/pip install .

FROM python:3.12-slim-bookworm
COPY --from=build /opt/vertebral-fractures /opt/vertebral-fractures
ENV PATH=/opt/vertebral-fractures/bin:$PATH PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 1000 analyst
USER 1000
WORKDIR /tmp
ENTRYPOINT ["vertebral-fractures", "bids"]
CMD ["--help"]
