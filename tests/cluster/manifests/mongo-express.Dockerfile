# Mongo Express 1.0.2 from npm, without the two dependencies that are no npm packages: a widget of its page, and a patch.
FROM node:24-slim
WORKDIR /app
RUN npm pack --silent mongo-express@1.0.2 && tar xzf mongo-express-1.0.2.tgz --strip-components=1 && rm mongo-express-1.0.2.tgz
RUN node -e "const fs = require('fs'), p = JSON.parse(fs.readFileSync('package.json')); \
  delete p.dependencies['bootstrap-paginator']; p.dependencies['mongodb-query-parser'] = '2.4.6'; \
  delete p.devDependencies; delete p.scripts; delete p.resolutions; fs.writeFileSync('package.json', JSON.stringify(p))" \
  && npm install --omit=dev --ignore-scripts --no-audit --no-fund --legacy-peer-deps \
  && echo '{}' > build-assets.json
USER 65532:65532
CMD ["node", "app"]
