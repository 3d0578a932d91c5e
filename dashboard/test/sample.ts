import type { Alert } from "../src/alert";

/** An alert with what a test cares about; ids and times grow with `number`. */
export function sample(number: number, part: Partial<Alert> = {}): Alert {
  const at = new Date(Date.UTC(2026, 0, 2, 3, 4, number)).toISOString();
  return {
    id: `id-${String(number).padStart(4, "0")}`,
    type: "in_stock",
    priority: 9,
    band: "high",
    sku: "6634940",
    product_name: "GeForce RTX 5090",
    retailer: "bestbuy",
    price: "1999.99",
    currency: "USD",
    url: "https://shop.example/p",
    variant: null,
    seller: null,
    timestamp: at,
    metadata: {},
    accepted_at: at,
    decision: "accepted",
    reason: "new",
    state: "open",
    repeats: 0,
    last_seen_at: at,
    ...part,
  };
}
