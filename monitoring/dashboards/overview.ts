/** The first page to open: objectives, incoming orders, and everything that an alert is about. */
import { wallClock } from '../clock.ts';
import { burns, burnWindows, lateAfterSeconds, objectives } from '../objectives.ts';
import type { Dashboard, Panel } from '../panels.ts';
import { perSecond, quantiles } from './queries.ts';
import { trouble } from './trouble.ts';

const [late, refused] = objectives;

const budget = ({ record, target }: (typeof objectives)[number], title: string, description: string): Panel => ({
  title,
  description,
  unit: 'percentunit',
  badFrom: Number((burns[0].tiers[0].rate * (1 - target)).toPrecision(6)),
  targets: burnWindows.map(wallClock.span).map((window) => ({ expr: `${record}${window}`, legend: window })),
});

export const overview: Dashboard = {
  name: 'order-pipeline-overview',
  title: 'Order pipeline: overview',
  rows: [
    {
      title: 'Objectives',
      panels: [
        {
          title: `Shipped within ${lateAfterSeconds} s`,
          description: `Of the orders that shipped in the last 5 minutes. The objective is ${late!.target * 100} %.`,
          kind: 'stat',
          unit: 'percentunit',
          goodFrom: late!.target,
          targets: [{ expr: `1 - ${late!.record}5m` }],
        },
        {
          title: 'Orders accepted',
          description: `POST /orders without a server error, in the last 5 minutes. The objective is ${refused!.target * 100} %.`,
          kind: 'stat',
          unit: 'percentunit',
          goodFrom: refused!.target,
          targets: [{ expr: `1 - ${refused!.record}5m` }],
        },
        budget(
          late!,
          'Late orders',
          'Share of late orders by window. The alert pages when 5m and 1h are both above the line.',
        ),
        budget(
          refused!,
          'Orders not accepted',
          'Share of server errors by window. The alert pages when 5m and 1h are both above the line.',
        ),
      ],
    },
    {
      title: 'Orders',
      panels: [
        {
          title: 'Orders by state',
          description: 'Orders that enter a state, per second. PENDING counts accepted orders.',
          unit: 'reqps',
          targets: [{ expr: perSecond('orders_total', 'state'), legend: '{{state}}' }],
        },
        {
          title: 'Placed to shipped',
          description: 'From accepting an order to learning that it shipped.',
          unit: 's',
          targets: quantiles('order_placed_to_shipped_seconds', '', true),
        },
        {
          title: 'Responses to POST /orders',
          description: 'Requests per second by status.',
          unit: 'reqps',
          stacked: true,
          targets: [
            {
              expr: perSecond('http_request_duration_seconds_count', 'status', '{method="POST",route="/orders"}'),
              legend: '{{status}}',
            },
          ],
        },
      ],
    },
    trouble,
  ],
};
