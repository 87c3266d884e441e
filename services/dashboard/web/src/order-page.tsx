import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { isCancellable } from '@order-pipeline/events/order-lifecycle';
import type { OrderPage as OrderDocument } from '../../src/views.ts';
import { cancelOrder, getOrder } from './api.ts';
import { onFeed } from './feed.ts';
import { formatMoment } from './format.ts';
import { knownState, reasonText, stateLabels } from './labels.ts';
import { OrderDetails } from './order-details.tsx';
import { Timeline } from './timeline.tsx';

/** The documents of the services may follow a moment after the events in the feed. */
const refreshAfterMs = 150;

/** The order, read again after each of its events; and the problem of the latest request. */
function useOrder(orderId: string) {
  const [found, setFound] = useState<OrderDocument | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const request = async (send: () => Promise<void>): Promise<void> => {
    try {
      await send();
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = (): void => {
      timer = undefined;
      void request(async () => setFound(await getOrder(orderId)));
    };
    load();
    const stopListening = onFeed({
      onSteps(steps) {
        if (steps.some((step) => step.order_id === orderId)) timer ??= setTimeout(load, refreshAfterMs);
      },
    });
    return () => {
      stopListening();
      clearTimeout(timer);
    };
  }, [orderId]);

  const cancel = (): void => void request(async () => void (await cancelOrder(orderId)));
  return { found, problem, cancel };
}

export function OrderPage({ orderId }: { orderId: string }): JSX.Element {
  const { found, problem, cancel } = useOrder(orderId);
  const order = found?.order.body;
  const state = order ? knownState(order.status) : undefined;
  return (
    <article class="order-view">
      <header class="view-head">
        <p class="crumb">
          <a href="#/">Live</a> / Order
        </p>
        <h1 class="mono">{orderId}</h1>
        {order && state && (
          <div class="head-line">
            <span class={`badge ${stateLabels[state].tone}`}>{stateLabels[state].text}</span>
            {order.reason !== undefined && <span>{reasonText(order.reason)}</span>}
            <span class="quiet">placed {formatMoment(order.created_at)}</span>
            {isCancellable(state) && (
              <button type="button" onClick={cancel}>
                Cancel order
              </button>
            )}
          </div>
        )}
        <div role="status">
          {problem !== undefined && <p class="problem">{problem}</p>}
          {found?.order.problem && <p class="problem">{found.order.problem}</p>}
        </div>
      </header>
      {found && (
        <div class="order-columns">
          <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">Timeline</h2>
            <Timeline steps={found.steps} />
          </section>
          <aside aria-label="Details from the services">
            <OrderDetails found={found} />
          </aside>
        </div>
      )}
    </article>
  );
}
