/** The article's products, inserted only where one is absent: a restart never resets stock. */
export const sampleStock = [
  { _id: 'P001', quantity: 100, price_minor: 29_99 },
  { _id: 'P002', quantity: 50, price_minor: 49_99 },
  { _id: 'P003', quantity: 75, price_minor: 19_99 },
] as const;
