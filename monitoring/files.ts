/** What k8s/base/monitoring is made of: rules for the Prometheus operator, dashboards for Grafana's sidecar. */
import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';
import { dashboards } from './dashboards.ts';
import { dashboardJson } from './panels.ts';
import { ruleGroups } from './rules.ts';

const heading = '# Made by npm run monitoring from monitoring; change it there.\n';

/** Content by file name below k8s/base/monitoring, in the repository's format. */
export async function monitoringFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const rules = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'order-pipeline' },
    spec: { groups: ruleGroups() },
  };
  files.set('prometheus-rules.yaml', heading + stringify(rules, { lineWidth: 0 }));
  for (const dashboard of dashboards) {
    files.set(`dashboards/${dashboard.name}.json`, JSON.stringify(dashboardJson(dashboard)));
  }
  for (const [name, text] of files) files.set(name, await format(text, { ...(await configOf(name)), filepath: name }));
  return files;
}

const configOf = (name: string) => resolveConfig(new URL(`../k8s/base/monitoring/${name}`, import.meta.url));
