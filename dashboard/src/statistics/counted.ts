// What a number counts, one by one, as the service lists it.

import type { AlertType } from "../alert";

export interface CountedDelivery {
  id: string;
  alert_id: string;
  alert: { type: AlertType; sku: string; retailer: string; product_name: string | null };
  target: string;
  state: string;
  why: string | null;
  detail: string;
  planned_at: string;
}

export interface Purchase {
  id: string;
  source: string;
  external_id: string;
  at: string;
  state: string;
  quantity: number;
  amount: string | null;
  currency: string | null;
  sku: string | null;
  retailer: string | null;
  credit: { target: string | null; alert_id: string | null };
}
