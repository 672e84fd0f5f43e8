# One image for all of Lateen; the stages at the end differ in the program they start, as the names in manifests expect.
#   npm run build && docker build --target proxyv2 -t docker.io/lateen/proxyv2:0.1.0 .
# It runs as user 1337 and writes nothing outside mounted volumes: readOnlyRootFilesystem works.
FROM docker.io/library/node:24-bookworm-slim AS lateen
# istio-init and the CNI plug-in set up traffic capture with these.
RUN command -v iptables-restore >/dev/null && command -v ip >/dev/null || \
    (apt-get update && apt-get install -y --no-install-recommends iptables iproute2 && rm -rf /var/lib/apt/lists/*)
WORKDIR /opt/lateen
COPY package.json LICENSE ./
COPY node_modules/koffi ./node_modules/koffi
COPY node_modules/@koromix ./node_modules/@koromix
COPY crds ./crds
COPY templates ./templates
COPY dist ./dist
RUN for name in lateen pilot-agent istioctl; do \
      printf '#!/bin/sh\nexec /usr/local/bin/node /opt/lateen/dist/%s.mjs "$@"\n' "$name" > "/usr/local/bin/$name"; \
    done && \
    printf '#!/bin/sh\nexec /usr/local/bin/node /opt/lateen/dist/lateen.mjs "$@"\n' > /usr/local/bin/pilot-discovery && \
    printf '#!/bin/sh\nexec /usr/local/bin/node /opt/lateen/dist/lateen.mjs operator "$@"\n' > /usr/local/bin/operator && \
    chmod 755 /usr/local/bin/lateen /usr/local/bin/pilot-agent /usr/local/bin/istioctl /usr/local/bin/pilot-discovery /usr/local/bin/operator
ENV NODE_ENV=production
USER 1337:1337
WORKDIR /
ENTRYPOINT ["lateen"]

FROM lateen AS pilot
ENTRYPOINT ["pilot-discovery"]
CMD ["discovery"]

FROM lateen AS operator
ENTRYPOINT ["operator"]
CMD ["server"]

FROM lateen AS proxyv2
ENTRYPOINT ["pilot-agent"]
