# The operator's image: a Python base, the locked dependencies, the package. Nothing is compiled or
# resolved here, so the same sources give the same content, and no build tool needs a pin of its own.
#
#   docker build --tag formation-operator .
#   docker buildx build --platform linux/amd64,linux/arm64 --tag formation-operator .
#   buildah bud --build-arg BASE_IMAGE=... --secret id=pip.conf,src=pip.conf --tag formation-operator .
#
# BASE_IMAGE needs `python3` (3.11 or newer), and nothing else. BUILD_IMAGE needs the same `python3` with pip: the
# official images have it, and so has a Debian with python3-pip. It is for the machine that builds, and the other for
# the target: wheels are chosen for that, byte code is the same everywhere, and nothing is run in the image itself.
# The secret is optional: pip's own settings, for networks with a package index of their own;
# as a secret they stay out of the image and of its history.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim
ARG BUILD_IMAGE=${BASE_IMAGE}

FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
ARG TARGETARCH
COPY requirements.txt /build/
# Wheels only: a source distribution would run its own, unlocked build. They run with glibc 2.28 and newer, of 2018.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    case "${TARGETARCH:-$(uname -m)}" in \
        amd64|x86_64) machine=x86_64 ;; \
        arm64|aarch64) machine=aarch64 ;; \
        *) echo "the image is for amd64 and arm64, not for $TARGETARCH" >&2; exit 1 ;; \
    esac && \
    for minor in $(seq 28 -1 17); do set -- "$@" --platform "manylinux_2_${minor}_$machine"; done && \
    python3 -m pip install --no-cache-dir --no-compile --only-binary=:all: --require-hashes \
    "$@" --platform "manylinux2014_$machine" --target /app --requirement /build/requirements.txt
# The operator uses the configuration and the connection of the client for Kubernetes. What the client has for each kind
# of object is two thirds of all packages, and each of these files is only loaded when its name is used.
RUN find /app/kubernetes -path '*/client/api/*' -name '*.py' ! -name __init__.py -delete && \
    find /app/kubernetes -path '*/client/models/*' -name '*.py' ! -name __init__.py -delete && \
    rm -rf /app/bin
COPY operator/formation_operator/ /app/formation_operator/
# Compiled now, because at run time the root file system is read-only. The byte code trusts its source
# unchecked: no file's time gets into it, and nothing is compared at start. By one process and with a fixed seed, so
# that nothing about its bytes is left to chance. Readable by all, whatever the checkout's files are.
RUN PYTHONHASHSEED=0 python3 -m compileall -q --invalidation-mode unchecked-hash /app && chmod -R a+rX /app

# (The default, written out: older buildahs take the platform above for this stage, too.)
FROM --platform=$TARGETPLATFORM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="formation-operator" \
      org.opencontainers.image.description="Runs the process types of twelve-factor apps on Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /app/ /app/
# USER and HOME, because the user below has no entry in /etc/passwd: kopf asks for a name, and the client for a home.
ENV HOME=/ \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    USER=formation-operator
# Numeric, so that a kubelet can see that it isn't root.
USER 65532:65532
ENTRYPOINT ["python3", "-m", "formation_operator"]
