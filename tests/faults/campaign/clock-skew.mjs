// Loaded before a service (node --import): shifts its wall clock. CLOCK_SKEWS="payment-2=45000,inventory-1=-30000",
// by instance, in milliseconds. Timers and performance.now() stay monotonic.
const skews = new Map((process.env.CLOCK_SKEWS ?? '').split(',').map((entry) => entry.split('=')));
const skewMs = Number(skews.get(process.env.INSTANCE_ID) ?? 0);

if (skewMs !== 0) {
  const RealDate = globalThis.Date;
  const now = RealDate.now.bind(RealDate);
  globalThis.Date = class Date extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(now() + skewMs);
      else super(...args);
    }
    static now() {
      return now() + skewMs;
    }
  };
}
