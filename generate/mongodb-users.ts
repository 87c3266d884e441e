/**
 * MongoDB's users: one per service with rights on its own databases, the tools and Mongo Express, which read those of the
 * services that act, and the back-up. Their passwords are Secrets; in kind those are no secret.
 */
import { actingServices, type ServiceEntry } from '@order-pipeline/events';
import { generatedText, registryFile, type Artifact } from './artifact.ts';
import { entries } from './repository.ts';
import { yamlText } from './yaml.ts';

interface Role {
  readonly name: string;
  readonly db: string;
}

const databasesOf = ({ database, furtherDatabases = {} }: ServiceEntry): string[] => [
  database,
  ...Object.keys(furtherDatabases),
];
const rights = (name: string, databases: readonly string[]): Role[] => databases.map((db) => ({ name, db }));
const readers: Role[] = rights('read', actingServices.flatMap(databasesOf));

const user = (name: string, roles: readonly Role[]) => ({
  name,
  db: 'admin',
  passwordSecretRef: { name: `${name}-mongodb-password` },
  scramCredentialsSecretName: `${name}-mongodb`,
  connectionStringSecretName: `${name}-mongodb`,
  roles,
});

const baseUsers = [
  ...entries.map((entry) => user(entry.name, rights('readWrite', databasesOf(entry)))),
  user('tools', readers),
  user('backup', rights('backup', ['admin'])),
];

const metadata = { name: 'pipeline-mongodb' };
const users = {
  apiVersion: 'mongodbcommunity.mongodb.com/v1',
  kind: 'MongoDBCommunity',
  metadata,
  spec: { users: baseUsers },
};

const mongoExpress = [
  {
    op: 'add',
    path: '/spec/security/roles/-',
    value: {
      role: 'serverStatus',
      db: 'admin',
      privileges: [{ resource: { cluster: true }, actions: ['serverStatus'] }],
      roles: [],
    },
  },
  {
    op: 'add',
    path: '/spec/users/-',
    value: user('mongo-express', [...rights('serverStatus', ['admin']), ...readers]),
  },
];

/** Passwords that everyone may know: the cluster is the machine's own, and not reachable from elsewhere. */
const kindUsers = {
  apiVersion: 'kustomize.config.k8s.io/v1alpha1',
  kind: 'Component',
  patches: [{ target: { kind: 'MongoDBCommunity', ...metadata }, path: 'mongo-express.yaml' }],
  generatorOptions: { disableNameSuffixHash: true },
  secretGenerator: [...baseUsers.map(({ name }) => name), 'mongo-express'].map((name) => ({
    name: `${name}-mongodb-password`,
    literals: [`password=for-development-${name}`],
  })),
};

export const mongodbUsers = (): Artifact[] => [
  generatedText('k8s/base/mongodb-users.yaml', [registryFile], yamlText(users)),
  generatedText('k8s/overlays/kind/mongodb-users/kustomization.yaml', [registryFile], yamlText(kindUsers)),
  generatedText(
    'k8s/overlays/kind/mongodb-users/mongo-express.yaml',
    [registryFile],
    `# Reads the databases of the services, and the server's status, which its first page shows. It may not list all databases:
# it would then try to read those that it may not read, and exit.
${yamlText(mongoExpress)}`,
  ),
];
