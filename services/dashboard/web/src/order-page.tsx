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

export function OrderPage({ orderId }: { orderId: string }): JSX.Element {
  const [found, setFound] = useState<OrderDocument | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      timer = undefined;
      try {
        setFound(await getOrder(orderId));
        setProblem(undefined);
      } catch (error) {
        setProblem((error as Error).message);
      }
    };
    void load();
    const stop = onFeed({
      onSteps(steps) {
        if (steps.some((step) => step.order_id === orderId)) timer ??= setTimeout(load, refreshAfterMs);
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [orderId]);

  const cancel = async (): Promise<void> => {
    try {
      await cancelOrder(orderId);
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

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
              <button type="button" onClick={() => void cancel()}>
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
