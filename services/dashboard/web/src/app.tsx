import type { JSX } from 'preact';
import { DeadLettersPage } from './dead-letters-page.tsx';
import { feedState } from './feed.ts';
import { formatCount, plural } from './format.ts';
import { HealthPage } from './health-page.tsx';
import { LivePage } from './live-page.tsx';
import { OrderPage } from './order-page.tsx';
import { PartitionsPage } from './partitions-page.tsx';
import { route, type Page } from './route.ts';

const links: readonly { readonly page: Page; readonly href: string; readonly title: string }[] = [
  { page: 'live', href: '#/', title: 'Live' },
  { page: 'partitions', href: '#/partitions', title: 'Partitions' },
  { page: 'dead-letters', href: '#/dead-letters', title: 'Dead letters' },
  { page: 'health', href: '#/health', title: 'Health' },
];

export function App(): JSX.Element {
  const { page } = route.value;
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="#/">
          <Mark />
          order-pipeline
        </a>
        <nav aria-label="Pages">
          {links.map((link) => (
            <a href={link.href} aria-current={page === link.page ? 'page' : undefined}>
              {link.title}
            </a>
          ))}
        </nav>
        <ConnectionMark />
      </header>
      <main id="content" tabIndex={-1} class={`page ${page}-page`}>
        <CurrentPage />
      </main>
    </>
  );
}

function CurrentPage(): JSX.Element {
  const { page, orderId } = route.value;
  switch (page) {
    case 'order':
      return <OrderPage key={orderId} orderId={orderId ?? ''} />;
    case 'partitions':
      return <PartitionsPage />;
    case 'dead-letters':
      return <DeadLettersPage />;
    case 'health':
      return <HealthPage />;
    default:
      return <LivePage />;
  }
}

/** Fragments are the URLs of views, so the link moves the focus itself. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('main')?.focus();
}

const connectionTexts = { connecting: 'Connecting', live: 'Live', cut: 'Reconnecting' } as const;

function ConnectionMark(): JSX.Element {
  const { connection, last, lost } = feedState.value;
  return (
    <div class={`connection ${connection}`}>
      <span role="status">{connectionTexts[connection]}</span>
      {last !== undefined && <span class="quiet num">{formatCount(last)} steps</span>}
      {lost > 0 && <span class="warn">{plural(lost, 'step')} missed</span>}
    </div>
  );
}

function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" class="mark">
      <rect width="32" height="32" rx="8" />
      <path d="M6 10h12M6 16h20M6 22h8" />
      <circle cx="23" cy="10" r="3" class="amber" />
      <circle cx="19" cy="22" r="3" class="green" />
    </svg>
  );
}
