/** `npm run kind:up` and `npm run kind:down`: runs the whole pipeline in a kind cluster, and deletes the cluster. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findOnPath } from './engines/java.ts';
import { isSetupError, SetupError } from './setup-error.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const cluster = 'order-pipeline'; // as kind-config.yaml names it
const context = `kind-${cluster}`;
const memoryNeededGiB = 6;

const tools = {
  docker: 'https://docs.docker.com/get-started/get-docker/',
  kind: 'https://kind.sigs.k8s.io/docs/user/quick-start/#installation (0.33 or newer)',
  kubectl: 'https://kubernetes.io/docs/tasks/tools/',
  helm: 'https://helm.sh/docs/intro/install/ (3.14 or newer, 4 too)',
  skaffold: 'https://skaffold.dev/docs/install/ (2.19 or newer)',
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function mustHave(names: readonly (keyof typeof tools)[]): void {
  const missing = names.filter((name) => findOnPath(name) === undefined);
  if (missing.length === 0) return;
  const lines = missing.map((name) => `  ${name}: ${tools[name]}`);
  throw new SetupError(
    `Not found on the PATH, and required:\n${lines.join('\n')}\nInstall what is missing and try again.`,
  );
}

/** The program's output; throws a SetupError with its output when it fails. */
function outputOf(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: repository, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new SetupError(`${command} ${args.join(' ')} failed: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

/** Runs a program in the terminal. */
function run(command: string, ...args: string[]): void {
  print(`\n$ ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, { cwd: repository, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0)
    throw new SetupError(`${command} failed for the reason above; npm run kind:up continues from here.`);
}

const exists = (): boolean => outputOf('kind', 'get', 'clusters').split('\n').includes(cluster);

function up(): void {
  mustHave(['docker', 'kind', 'kubectl', 'helm', 'skaffold']);
  const memory = spawnSync('docker', ['info', '--format', '{{.MemTotal}}'], { encoding: 'utf8' });
  if (memory.status !== 0)
    throw new SetupError('Docker does not respond; start it (docker info reports why) and try again.');
  const memoryGiB = Number(memory.stdout) / 2 ** 30;
  if (memoryGiB < memoryNeededGiB) {
    print(
      `Docker has ${memoryGiB.toFixed(1)} GiB; with less than ${memoryNeededGiB} GiB some pods may stay unscheduled.`,
    );
  }
  if (!exists()) run('kind', 'create', 'cluster', '--config', 'kind-config.yaml', '--wait', '5m');
  // Named explicitly, because the current context may be another cluster.
  run('skaffold', 'run', '--kube-context', context);
  print(`
The pipeline runs in the kind cluster ${cluster}. Its first order:

  kubectl --context ${context} --namespace order-pipeline port-forward service/order 8001

and, in another terminal:

  curl -X POST http://localhost:8001/orders -H "Content-Type: application/json" -d '{"customer_id": "CUST001", "items": [
    {"product_id": "P001", "quantity": 2, "price": 29.99}, {"product_id": "P002", "quantity": 1, "price": 49.99}],
    "shipping_address": "123 Main St, City, Country", "total_amount": 109.97}'

To inspect it: port-forward service/kafdrop 9000 (topics) or service/mongo-express 8081 (documents).
npm run kind:down deletes the cluster.`);
}

function down(): void {
  mustHave(['kind']);
  if (exists()) run('kind', 'delete', 'cluster', '--name', cluster);
  else print(`There is no kind cluster ${cluster}.`);
}

const [command] = process.argv.slice(2);
try {
  if (command === 'up') up();
  else if (command === 'down') down();
  else throw new SetupError('Usage: npm run kind:up, or npm run kind:down');
} catch (error) {
  if (!isSetupError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
