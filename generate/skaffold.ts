/**
 * skaffold.yaml: generate/parts/skaffold.yaml, with an image, its place in the chart's values and a port-forward for each
 * service of the registry. Its profile dev lists all images again, with those of the services that restart node when a file changes.
 */
import { isCollection, type Document } from 'yaml';
import { generatedText, registryFile, type GeneratedFile } from './artifact.ts';
import { entries, readText } from './repository.ts';
import { parseParts, yamlText } from './yaml.ts';

const part = 'generate/parts/skaffold.yaml';
const namespace = 'order-pipeline';

/** Puts what is generated before what the part has in the same list or map. */
function prepend(config: Document, path: readonly (string | number)[], generated: object): void {
  const there = config.getIn(path);
  const added = config.createNode(generated);
  if (!isCollection(there) || !isCollection(added)) throw new Error(`${part} has no ${path.join('.')}`);
  there.flow = false;
  (there.items as unknown[]).unshift(...added.items);
}

const artifacts = (target: 'runtime' | 'dev'): object[] =>
  entries.map(({ name }) => ({
    image: `order-pipeline/${name}`,
    docker: {
      target,
      buildArgs: {
        SERVICE: name,
        VERSION: '{{cmd "git" "describe" "--tags" "--always"}}',
        REVISION: '{{cmd "git" "rev-parse" "HEAD"}}',
      },
    },
    sync: {
      manual: ['packages', `services/${name}`].map((folder) => ({ src: `${folder}/**/*.ts`, dest: '/app' })),
    },
  }));

/** Skaffold names an image's variables after it, with underscores for what no name may have. */
const imageValues = ({ name }: { readonly name: string }): Record<string, string> => {
  const image = `order_pipeline_${name.replaceAll('-', '_')}`;
  return {
    [`${name}.image.repository`]: `{{.IMAGE_REPO_${image}}}`,
    [`${name}.image.tag`]: `{{.IMAGE_TAG_${image}}}`,
  };
};

const portForward = ({ name, port }: { readonly name: string; readonly port: number }): object => ({
  resourceType: 'service',
  resourceName: name,
  namespace,
  port,
  localPort: port,
});

function addServices(config: Document): void {
  const { build, profiles } = config.toJS() as { build: { artifacts: object[] }; profiles: { name: string }[] };
  const dev = profiles.findIndex(({ name }) => name === 'dev');
  config.setIn(['profiles', dev, 'build', 'artifacts'], [...artifacts('dev'), ...build.artifacts]);
  prepend(config, ['build', 'artifacts'], artifacts('runtime'));
  prepend(
    config,
    ['deploy', 'helm', 'releases', 0, 'setValueTemplates'],
    Object.assign({}, ...entries.map(imageValues)),
  );
  prepend(config, ['portForward'], entries.map(portForward));
}

export function skaffoldFile(): GeneratedFile {
  const configs = parseParts(readText(part));
  const services = configs.find((config) => config.getIn(['metadata', 'name']) === 'services');
  if (services === undefined) throw new Error(`${part} has no config "services"`);
  addServices(services);
  return generatedText('skaffold.yaml', [registryFile, part], configs.map(yamlText).join(''));
}
