# Prometheus as Debian packages it, under the paths and the user of Prometheus' own image
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
RUN install -d -o nobody -g nogroup /prometheus
USER nobody
ENTRYPOINT ["/usr/bin/prometheus"]
