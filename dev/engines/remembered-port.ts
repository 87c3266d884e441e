import { portHolder } from '../port-holder.ts';
import { isFree } from '../ports.ts';
import { SetupError } from '../setup-error.ts';

/** An engine restarts on the ports that its data names; throws SetupError, with the holder, when one is in use. */
export async function mustBeFree(ports: readonly number[], engine: string, dataDir: string): Promise<void> {
  for (const port of ports) {
    if (await isFree(port)) continue;
    throw new SetupError(
      `Port ${port}, on which the data in ${dataDir} expects ${engine}, is used by ` +
        `${portHolder(port) ?? 'another process'}; stop that process, or start with other data (--data <folder>, or --fresh).`,
    );
  }
}
