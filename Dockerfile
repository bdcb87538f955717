# The operator's image: a Python base, the locked dependencies, the package. Nothing is compiled or
# resolved here, so the same sources give the same content, and no build tool needs a pin of its own.
#
#   docker build --tag formation-operator .
#   buildah bud --build-arg BASE_IMAGE=... --secret id=pip.conf,src=pip.conf --tag formation-operator .
#
# The base needs `python3` (3.11 or newer) with pip: the official images have it, and so has a Debian with
# python3-pip. The secret is optional: pip's own settings, for networks with a package index of their own;
# as a secret they stay out of the image and of its history.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim

FROM ${BASE_IMAGE} AS build
COPY requirements.txt /build/
# Wheels only: a source distribution would run its own, unlocked build.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python3 -m pip install --no-cache-dir --no-compile --only-binary=:all: --require-hashes \
    --target /app --requirement /build/requirements.txt
COPY operator/formation_operator/ /app/formation_operator/
# Compiled now, because at run time the root file system is read-only. The byte code trusts its source
# unchecked: no file's time gets into it, and nothing is compared at start. By one process and with a fixed seed, so
# that nothing about its bytes is left to chance. Readable by all, whatever the checkout's files are.
RUN PYTHONHASHSEED=0 python3 -m compileall -q --invalidation-mode unchecked-hash /app && chmod -R a+rX /app

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="formation-operator" \
      org.opencontainers.image.description="Runs the process types of twelve-factor apps on Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /app/ /app/
# USER, because the user below has no entry in /etc/passwd, and kopf asks for a name.
ENV PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    USER=formation-operator
# Numeric, so that a kubelet can see that it isn't root.
USER 65532:65532
ENTRYPOINT ["python3", "-m", "formation_operator"]
