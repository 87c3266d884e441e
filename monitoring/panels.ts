/** The part of Grafana's dashboard format that ours use: rows of panels over PromQL, laid out from left to right. */
type Unit = 's' | 'percentunit' | 'reqps' | 'short' | 'bytes' | 'none';

export interface Target {
  readonly expr: string;
  readonly legend?: string;
  /** Shows exemplars, which link to traces. */
  readonly exemplar?: boolean;
}

export interface Panel {
  readonly title: string;
  /** What it shows, and which values are good. */
  readonly description: string;
  readonly kind?: 'timeseries' | 'stat' | 'table';
  readonly unit: Unit;
  readonly targets: readonly Target[];
  /** Values from here on are red; a chart draws a line. */
  readonly badFrom?: number;
  /** Values below this are red. */
  readonly goodFrom?: number;
  readonly stacked?: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  /** File name and uid. */
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** A variable that is a label, and the series to find its values in. */
  readonly variable?: { readonly label: string; readonly series: string };
}

const gridWidth = 24;
const panelHeight = 8;
const datasource = { type: 'prometheus', uid: '${datasource}' };
const schemaVersion = 39;

/** The JSON that Grafana loads. */
export function dashboardJson({ name, title, rows, variable }: Dashboard): object {
  let id = 0;
  let y = 0;
  const panels = rows.flatMap((row) => {
    const head = {
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: gridWidth, h: 1 },
    };
    y += 1;
    const width = Math.max(6, Math.floor(gridWidth / row.panels.length));
    const perLine = Math.floor(gridWidth / width);
    const placed = row.panels.map((panel, index) => ({
      id: ++id,
      gridPos: {
        x: (index % perLine) * width,
        y: y + Math.floor(index / perLine) * panelHeight,
        w: width,
        h: panelHeight,
      },
      ...panelJson(panel),
    }));
    y += Math.ceil(row.panels.length / perLine) * panelHeight;
    return [head, ...placed];
  });
  return {
    uid: name,
    title,
    tags: ['order-pipeline'],
    schemaVersion,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [datasourceVariable, ...(variable ? [labelVariable(variable)] : [])] },
    panels,
  };
}

const datasourceVariable = { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' };

const labelVariable = ({ label, series }: NonNullable<Dashboard['variable']>) => ({
  name: label,
  label,
  type: 'query',
  datasource,
  query: { query: `label_values(${series}, ${label})`, refId: label },
  refresh: 2,
  sort: 1,
});

const panelJson = ({ title, description, kind = 'timeseries', unit, targets, ...looks }: Panel) => ({
  type: kind,
  title,
  description,
  datasource,
  targets: targets.map(({ expr, legend, exemplar }, index) => ({
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource,
    expr,
    ...(legend === undefined ? {} : { legendFormat: legend }),
    ...(exemplar === true ? { exemplar } : {}),
    ...(kind === 'timeseries' ? {} : { instant: true }),
    ...(kind === 'table' ? { format: 'table' } : {}),
  })),
  fieldConfig: {
    defaults: {
      unit,
      min: 0,
      thresholds: { mode: 'absolute', steps: steps(looks) },
      ...(kind === 'timeseries'
        ? {
            custom: {
              fillOpacity: 10,
              showPoints: 'never',
              thresholdsStyle: { mode: hasBound(looks) ? 'line' : 'off' },
              ...(looks.stacked ? { stacking: { mode: 'normal' } } : {}),
            },
          }
        : {}),
    },
    overrides: [],
  },
  options: kind === 'timeseries' ? { tooltip: { mode: 'multi' } } : {},
});

const hasBound = ({ badFrom, goodFrom }: Pick<Panel, 'badFrom' | 'goodFrom'>): boolean =>
  badFrom !== undefined || goodFrom !== undefined;

function steps({ badFrom, goodFrom }: Pick<Panel, 'badFrom' | 'goodFrom'>) {
  if (goodFrom !== undefined)
    return [
      { color: 'red', value: null },
      { color: 'green', value: goodFrom },
    ];
  const bad = badFrom === undefined ? [] : [{ color: 'red', value: badFrom }];
  return [{ color: 'green', value: null }, ...bad];
}
