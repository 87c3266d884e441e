/** Every view of the page, in a pipeline that gives it something to show. */
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { articleOrder, orderOf, placeOrder, placeOrders, untilFinal } from '../support/orders.ts';
import type { TestBrowser } from './browser.ts';
import type { TestDashboard } from './dashboard.ts';
import { deadLetterOrders, openDeadLetters, poisonOrders } from './dead-letters.ts';
import type { ExternalSystems } from './external-systems.ts';

export interface View {
  readonly title: string;
  /** Brings the pipeline into a state that is worth showing. Later views build on it. */
  readonly prepare?: () => Promise<void>;
  readonly open: (options: object) => Promise<Page>;
  /** Waits until the page shows what it is tested with. */
  readonly untilShown: (page: Page) => Promise<void>;
  readonly hasScreenshot: boolean;
}

/** In this order, because a view shows what those before it have prepared. */
export const viewNames = ['health', 'order', 'live', 'partitions', 'dead-letters', 'token form'] as const;
export type ViewName = (typeof viewNames)[number];

const customers = ['Barbara', 'Edsger', 'Grace', 'Niklaus', 'Ada', 'DECLINE-1'];
const customersOfPendingParcels = ['Radia', 'Alan', 'Margaret', 'Lynn'];
const wronglyPriced = orderOf([{ product_id: 'P001', quantity: 1, price: 30.99 }], 'Leslie');
/** Longer than the page's own limit for new rows. */
const rowEveryMs = 350;

const scalers = {
  'payment-service': {
    had: 2,
    wanted: 3,
    reason: 'BehindObjective',
    message: 'Lag of 412 records, 38/s arrive, 15/s per replica: drained in 9 min by 2, in 58 s by 3.',
  },
  'shipment-service': {
    had: 1,
    wanted: 1,
    reason: 'WaitingForMembers',
    message: 'Not all of the 1 replicas have joined, or left, the group.',
  },
};

class Views {
  readonly #on: TestDashboard;
  readonly #browser: TestBrowser;
  readonly #systems: ExternalSystems;
  readonly #lateCustomers = [...customersOfPendingParcels];
  #orderId = '';
  /** Orders that wait for their parcel, because the shipment service is stopped. */
  #pendingParcels = 0;

  constructor(on: TestDashboard, browser: TestBrowser, systems: ExternalSystems) {
    this.#on = on;
    this.#browser = browser;
    this.#systems = systems;
  }

  async placeFirstOrders(): Promise<void> {
    this.#systems.audit(this.#on);
    const ids = await this.#placeFor(customers);
    this.#orderId = await placeOrder(this.#on, wronglyPriced);
    await Promise.all([this.#orderId, ...ids].map((id) => untilFinal(this.#on, id)));
  }

  health(): View {
    return {
      title: 'Health – order-pipeline',
      open: this.#opener('#/health'),
      untilShown: (page) => page.getByText('no violations').waitFor(),
      hasScreenshot: true,
    };
  }

  order(): View {
    return {
      title: 'Order',
      open: (options) => this.#browser.open(this.#on.view(`#/orders/${this.#orderId}`), options),
      async untilShown(page) {
        await page.locator('.timeline li:nth-child(4)').waitFor();
        const shipment = page.locator('.facts', { has: page.getByRole('heading', { name: 'Shipment' }) });
        expect(await shipment.textContent()).toBe('Shipmentnone');
      },
      hasScreenshot: true,
    };
  }

  live(): View {
    return {
      title: 'Live – order-pipeline',
      prepare: () => this.#stopShipments(),
      open: this.#opener('#/'),
      untilShown: (page) => this.#untilLiveShown(page),
      hasScreenshot: true,
    };
  }

  partitions(): View {
    return {
      title: 'Partitions – order-pipeline',
      open: this.#opener('#/partitions'),
      untilShown: async (page) => {
        await page.locator('.replicas').nth(1).waitFor();
        await page.getByText(`lag ${this.#pendingParcels} events`).waitFor();
        await page.locator('.rebalances', { hasText: 'payment-service1 → 2 members' }).waitFor();
        // On a narrow screen the map scrolls to a partition with a lag.
        await page
          .locator('td', { has: page.locator('.age') })
          .first()
          .scrollIntoViewIfNeeded();
        await page.evaluate('scrollTo(0, 0)');
      },
      hasScreenshot: true,
    };
  }

  deadLetters(): View {
    return {
      title: 'Dead letters – order-pipeline',
      prepare: () => this.#makeDeadLetters(),
      open: (options) => openDeadLetters(this.#on, this.#browser, options),
      async untilShown(page) {
        await page.locator('.dead-letters tbody').nth(1).waitFor();
        await page.getByRole('button', { name: 'Show record' }).first().click();
        await page.locator('.record pre').first().waitFor();
      },
      hasScreenshot: true,
    };
  }

  tokenForm(): View {
    return {
      title: 'Dead letters – order-pipeline',
      open: this.#opener('#/dead-letters'),
      untilShown: (page) => page.getByLabel('Operator token').waitFor(),
      hasScreenshot: false,
    };
  }

  #opener(hash: string): View['open'] {
    return (options) => this.#browser.open(this.#on.view(hash), options);
  }

  #placeFor(names: readonly string[]): Promise<string[]> {
    const orderOfCustomer = (n: number) => ({ ...articleOrder, customer_id: names[n]! });
    return placeOrders(this.#on, names.length, orderOfCustomer, { clients: 1 });
  }

  /** No parcel leaves any more, one group gains a member, and two groups have a scaler. */
  async #stopShipments(): Promise<void> {
    this.#systems.scalers = scalers;
    await this.#on.pipeline.addReplica('payment');
    await this.#on.pipeline.services.shipment[0]!.stop();
  }

  async #makeDeadLetters(): Promise<void> {
    await this.#on.pipeline.services.shipment[0]!.start();
    await poisonOrders(this.#on, this.#orderId);
    await deadLetterOrders(this.#on, ['CUST001']);
  }

  async #untilLiveShown(page: Page): Promise<void> {
    await page.locator('.track').first().waitFor();
    for (const customer of this.#lateCustomers.splice(0, 2)) {
      // The page adds at most three rows a second, and a busy machine can receive two orders at once.
      await pause(rowEveryMs);
      this.#pendingParcels += (await this.#placeFor([customer])).length;
      await page.locator('.track', { hasText: customer }).waitFor();
    }
    await eventually(async () => {
      expect(await page.locator('.card.at-inventory').count()).toBe(this.#pendingParcels);
      // The other rows show as many final orders as there is room for.
      const final = await page.locator('.track.final').count();
      expect(final).toBeGreaterThan(1);
      expect(await page.locator('.track').count()).toBe(this.#pendingParcels + final);
    });
    await page.getByText('left').first().waitFor();
  }
}

/** Places the orders that the views show, before the tests of the file. */
export function prepareViews(
  on: TestDashboard,
  browser: TestBrowser,
  systems: ExternalSystems,
): Record<ViewName, View> {
  const views = new Views(on, browser, systems);
  beforeAll(() => views.placeFirstOrders());
  return {
    health: views.health(),
    order: views.order(),
    live: views.live(),
    partitions: views.partitions(),
    'dead-letters': views.deadLetters(),
    'token form': views.tokenForm(),
  };
}
