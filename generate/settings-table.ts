/** The README's table of settings, generated from the schemas that read them; `npm run docs` writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describeSettings, type SettingRow } from '@order-pipeline/runtime';
import { settings as dashboard } from '../services/dashboard/src/config.ts';
import { settings as inventory } from '../services/inventory/src/config.ts';
import { settings as order } from '../services/order/src/config.ts';
import { settings as payment } from '../services/payment/src/config.ts';
import { settings as shipment } from '../services/shipment/src/config.ts';

const schemas = { order, payment, inventory, shipment, dashboard };

const start = '<!-- settings -->';
const end = '<!-- /settings -->';

/** Settings with the same meaning in every service come first, as one row each. */
export function settingsTable(): string {
  const byName = new Map<string, { row: SettingRow; services: string[] }>();
  for (const [service, schema] of Object.entries(schemas)) {
    for (const row of describeSettings(schema)) {
      const known = byName.get(row.name);
      if (!known) byName.set(row.name, { row, services: [service] });
      else if (known.row.default === row.default) known.services.push(service);
      else {
        known.services.push(service);
        known.row = { ...known.row, default: `${known.row.default}, ${row.default}` };
      }
    }
  }
  const serviceCount = Object.keys(schemas).length;
  const rows = [...byName.values()].toSorted((a, b) => b.services.length - a.services.length);
  const lines = rows.map(({ row, services }) => {
    const whose = services.length === serviceCount ? 'every' : services.join(', ');
    const former = row.formerName === undefined ? '' : `; formerly ${row.formerName}, which is still read`;
    return `| \`${row.name}\` | ${whose} | ${row.default} | ${row.description.replaceAll('|', '\\|')}${former} |`;
  });
  return ['| variable | service | default | meaning |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

/** The text with the table between its marks replaced. Throws when the marks are missing. */
export function withSettingsTable(readme: string): string {
  const from = readme.indexOf(start);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the README needs the marks ${start} and ${end}`);
  return `${readme.slice(0, from + start.length)}\n\n${settingsTable()}\n\n${readme.slice(to)}`;
}

if (import.meta.main) {
  const file = new URL('../README.md', import.meta.url);
  writeFileSync(file, withSettingsTable(readFileSync(file, 'utf8')));
  process.stdout.write("wrote the README's table of settings\n");
}
