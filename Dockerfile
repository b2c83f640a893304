# syntax=docker/dockerfile:1
# The engine as an image:
#   docker build -t cryptoassets-console .
#   docker run --init -v cryptoassets:/data -e SHOP_WEBHOOK_SECRET cryptoassets-console
# /data holds config.yaml, the ledgers and the socket. docs/operations.md says more.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY tools/runtime/package.json tools/runtime/
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY tools tools
COPY source source
RUN npm run build

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY tools/runtime/package.json tools/runtime/
# Nothing is compiled: what is native comes prebuilt. The optional ones are the Node and the node daemon of development.
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY drizzle drizzle
COPY --from=build /build/dist dist
RUN ln -s /app/dist/cli.js /usr/local/bin/cryptoassets-console && \
    install --directory --mode=0700 --owner=node --group=node /data
USER node
ENV CRYPTOASSETS_CONFIG=/data/config.yaml XDG_CACHE_HOME=/data/.cache
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
# Through the socket: no port need be open. 0 also while a node is away, for starting again would not bring it back.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["cryptoassets-console", "health"]
ENTRYPOINT ["cryptoassets-console"]
CMD ["--headless"]
