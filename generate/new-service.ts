/** `npm run new:service`: a service that works, made from the template, with its entry in the registry. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { registryFile } from './artifact.ts';
import { readText, repository } from './repository.ts';
import { parseArguments, RequestError, serviceRequest, usage, type ServiceRequest } from './service-request.ts';
import { eventsFile, sourceFiles, wordsOf } from './template.ts';
import { formatted } from './writer.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const packageName = (name: string): string => `@order-pipeline/${name}-service`;

/** As the shipment service's, which has the same shape, without the packages that the template does not use. */
function packageFile(name: string): { name: string; version: string; dependencies: Record<string, string> } {
  const known = JSON.parse(readText('services/shipment/package.json')) as ReturnType<typeof packageFile>;
  const { dependencies } = known;
  const sources = sourceFiles(name, undefined).filter(([file]) => !file.includes('.test.'));
  const used = Object.entries(dependencies).filter(([each]) => sources.some(([, text]) => text.includes(`'${each}'`)));
  return { ...known, name: packageName(name), dependencies: Object.fromEntries(used) };
}

function withEntry(registry: string, { name, port, consumes, produces }: ServiceRequest): string {
  const end = '} as const satisfies Record<string, ServiceEntry>;';
  if (!registry.includes(end)) throw new Error(`${registryFile} has no line "${end}"`);
  const { snake } = wordsOf(name);
  const entry = {
    name,
    role: 'reacting',
    description: 'keeps the facts about each order that it has handled',
    port,
    consumerGroup: `${name}-service`,
    database: `${snake}_db`,
    collections: [snake],
    consumes,
    produces: produces === undefined ? [] : [produces],
  };
  return registry.replace(end, `${JSON.stringify({ [name]: entry }).slice(1, -1)},\n${end}`);
}

/** The files of a service that people edit, and the registry with its entry. */
function filesOf(request: ServiceRequest): [path: string, text: string][] {
  const { name, port, produces } = request;
  const folder = `services/${name}`;
  return [
    ...sourceFiles(name, produces).map(([file, text]): [string, string] => [`${folder}/src/${file}`, text]),
    [`${folder}/package.json`, JSON.stringify(packageFile(name))],
    [`${folder}/chart/first-request.txt`, `curl http://localhost:${port}/${name}\n`],
    ...(produces === undefined
      ? []
      : [[`packages/events/src/events/${name}.ts`, eventsFile(name, produces)] satisfies [string, string]]),
    [registryFile, withEntry(readText(registryFile), request)],
  ];
}

/** Its dependencies are installed already, so npm needs no registry. */
function addWorkspace(name: string): void {
  const options = [
    '--package-lock-only',
    '--offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  execFileSync('npm', ['install', ...options], { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
  print('wrote package-lock.json');
  const link = join(repository, 'node_modules', packageName(name));
  if (!existsSync(link)) symlinkSync(`../../services/${name}`, link);
}

function nextSteps({ name, produces }: ServiceRequest): string {
  const steps = [
    [`services/${name}/src/${name}.ts`, 'what it decides'],
    [`services/${name}/src/routes.ts`, 'what it answers'],
    [`services/${name}/chart/values.yaml`, 'what its chart sets beside the defaults, if anything'],
    ...(produces === undefined ? [] : [[`packages/events/src/events/${name}.ts`, `the fields of ${produces}`]]),
    [registryFile, 'its description'],
  ] as [string, string][];
  const width = Math.max(...steps.map(([path]) => path.length));
  return `
The ${name} service works: npm start runs it, npm test -- services/${name} tests it. Next, edit
${steps.map(([path, what]) => `  ${path.padEnd(width)}  ${what}`).join('\n')}
then run npm run generate, and npm run check.`;
}

async function main(): Promise<void> {
  const given = parseArguments(process.argv.slice(2));
  if (given.help) return print(usage.trimEnd());
  const request = serviceRequest(given);
  const files = filesOf(request);
  if (given.dryRun) {
    print(
      `Would write\n${files.map(([path]) => `  ${path}`).join('\n')}\nand what npm run generate derives from them.`,
    );
    return;
  }
  for (const [path, text] of files) {
    const place = join(repository, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, await formatted(repository, path, text));
    print(`wrote ${path}`);
  }
  addWorkspace(request.name);
  execFileSync(process.execPath, [join(import.meta.dirname, 'generate.ts')], { stdio: 'inherit' });
  print(nextSteps(request));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof RequestError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
