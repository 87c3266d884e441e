/** What npm run generate writes to k8s/base/monitoring: rules for the Prometheus operator, dashboards for Grafana's sidecar. */
import { stringify } from 'yaml';
import { generatedJson, generatedText, type GeneratedFile } from '../generate/artifact.ts';
import { dashboards } from './dashboards.ts';
import { dashboardJson } from './panels.ts';
import { ruleGroups } from './rules.ts';

const folder = 'k8s/base/monitoring';
const sources = ['monitoring'];

export function monitoringFiles(): GeneratedFile[] {
  const rules = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'order-pipeline' },
    spec: { groups: ruleGroups() },
  };
  return [
    generatedText(`${folder}/prometheus-rules.yaml`, sources, stringify(rules, { lineWidth: 0 })),
    // Grafana shows the description, where someone might want to edit the dashboard.
    ...dashboards.map((dashboard) =>
      generatedJson(`${folder}/dashboards/${dashboard.name}.json`, sources, dashboardJson(dashboard), 'description'),
    ),
  ];
}
