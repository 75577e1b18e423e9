/** The shapes of the HTTP contract that the page reads. Amounts in minor units, times RFC 3339. */

export interface Config {
  payments_enabled: boolean;
  environment: "test" | "live";
  stripe: { publishable_key: string; js_url: string };
  supabase: { url: string; anon_key: string };
  features: Record<string, boolean>;
  currencies: string[];
  default_currency: string;
  locales: string[];
}

export interface Package {
  id: string;
  name: string;
  description: string | null;
  kind: "one_time" | "subscription";
  interval: null | "month" | "year";
  credits: number;
  currency: string;
  amount: number;
  best_value: boolean;
  expires_after_days: number | null;
}

export type PaymentStatus =
  | "pending"
  | "processing"
  | "succeeded"
  | "failed"
  | "canceled"
  | "expired"
  | "partially_refunded"
  | "refunded"
  | "disputed";

export interface Payment {
  payment_id: string;
  status: PaymentStatus;
  package_id: string;
  amount: number;
  currency: string;
  credits: number;
  payment_url: string | null;
  receipt_url: string | null;
  error: { code: string | null } | null;
  created_at: string;
}

export interface CheckoutSession {
  payment_id: string;
  url: string | null;
  client_secret: string | null;
  expires_at: string;
}

export interface Credits {
  balance: number;
  held: number;
  available: number;
  lifetime_granted: number;
  lifetime_spent: number;
  expiring: { credits: number; expires_at: string }[];
  low_balance: boolean;
}

export interface Forecast {
  per_day: number | null;
  days_left: number | null;
}

export interface AccountEvent {
  type: string;
  data: { available: number; threshold: number };
  created_at: string;
}

export interface Transaction {
  id: string;
  type: string;
  amount: number;
  balance_after: number;
  feature: string | null;
  description: string | null;
  created_at: string;
}
