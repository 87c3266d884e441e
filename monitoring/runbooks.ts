/**
 * Where this repository is published, with a slash at its end. Set it to the address of your fork, and run npm run
 * generate.
 */
const readAt = 'https://example.com/order-pipeline/blob/main/';

/** From the root of the repository. */
export const runbookOf = (alert: string): string =>
  `docs/runbooks/${alert.replaceAll(/(?<=.)([A-Z])/g, '-$1').toLowerCase()}.md`;

/** The link that Alertmanager and Grafana show. */
export const runbookUrl = (alert: string): string => new URL(runbookOf(alert), readAt).href;
