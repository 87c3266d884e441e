# One Dockerfile for every image:
#   docker build --build-arg SERVICE=order --tag order-pipeline/order .
#   docker build --build-arg SERVICE=order --target dev .      restarts node when a file changes
#   docker build --build-arg WORKSPACE=tools .                 what is no service
# TypeScript runs as it is: node strips the types, so nothing is compiled but the page of a service that has one.
ARG NODE_IMAGE=node:24-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

# What npm reads, and nothing that an edit changes, so that the layer of dependencies outlives edits.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
COPY services services
COPY operator operator
COPY tools tools
RUN find packages services operator tools -type f ! -name package.json -delete \
  && find packages services operator tools -type d -empty -delete

FROM ${NODE_IMAGE} AS dependencies
ARG SERVICE
ARG WORKSPACE=services/${SERVICE}
WORKDIR /app
COPY --from=manifests /app ./
RUN test -f "${WORKSPACE}/package.json" \
  || { echo "There is no ${WORKSPACE}: name a folder of services/ with --build-arg SERVICE=…" >&2; exit 1; }
# Workspaces stay links into packages/, because node strips no types under node_modules.
RUN --mount=type=cache,target=/root/.npm \
  npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace "${WORKSPACE}" \
  && find . -path '*/node_modules/*' -type d \( -name test -o -name tests -o -name __tests__ \) -prune -exec rm -rf {} + \
  && find . -path '*/node_modules/*' -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete \
  && find services operator tools -mindepth 0 -maxdepth 1 ! -path services ! -path "${WORKSPACE}" ! -path "${WORKSPACE}/*" -prune -exec rm -rf {} +

# The sources, with the page built where the service has one.
FROM ${NODE_IMAGE} AS sources
ARG SERVICE
ARG WORKSPACE=services/${SERVICE}
WORKDIR /app
COPY --from=manifests /app ./
# The page's own tsconfig.json extends it.
COPY tsconfig.json ./
COPY packages packages
COPY ${WORKSPACE} ${WORKSPACE}
RUN --mount=type=cache,target=/root/.npm \
  if grep -q '"build":' "${WORKSPACE}/package.json"; then \
    npm ci --ignore-scripts --no-audit --no-fund --workspace "${WORKSPACE}" \
    && npm run build --workspace "${WORKSPACE}" \
    && find . -name node_modules -prune -exec rm -rf {} +; \
  fi

FROM ${NODE_IMAGE} AS dev
ARG SERVICE
ARG WORKSPACE=services/${SERVICE}
WORKDIR /app
# Owned by the user that runs it, because the same user syncs files into the container.
COPY --from=dependencies --chown=65532:65532 /app ./
COPY --from=sources --chown=65532:65532 /app/packages packages
COPY --from=sources --chown=65532:65532 /app/${WORKSPACE} ${WORKSPACE}
WORKDIR /app/${WORKSPACE}
ENV NODE_ENV=development
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["node"]
CMD ["--watch", "--watch-preserve-output", "src/main.ts"]

FROM ${RUNTIME_IMAGE} AS runtime
ARG SERVICE
ARG WORKSPACE=services/${SERVICE}
WORKDIR /app
COPY --from=dependencies /app ./
COPY --from=sources /app/packages packages
COPY --from=sources /app/${WORKSPACE} ${WORKSPACE}
# The place of main.ts, because a command in exec form takes no variables, and a shell would be process 1 in node's place.
WORKDIR /app/${WORKSPACE}
ENV NODE_ENV=production
# Memory that stays small, as under npm start (dev/service-replica.ts says why).
ENV GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072:glibc.malloc.trim_threshold=262144:glibc.malloc.arena_max=2
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "--heap-growing-percent=50"]
CMD ["src/main.ts"]
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="order-pipeline/${SERVICE:-${WORKSPACE}}" \
  org.opencontainers.image.description="An event-driven e-commerce pipeline that is right under failure" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.licenses="MIT"
