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
  rollover: boolean;
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

export type UiMode = "hosted" | "embedded" | "elements" | "off_session" | "invoice";

export interface Payment {
  payment_id: string;
  status: PaymentStatus;
  kind: "one_time" | "subscription" | "auto_recharge";
  ui_mode: UiMode;
  package_id: string;
  amount: number;
  amount_paid: number | null;
  amount_discount: number | null;
  amount_tax: number | null;
  amount_refunded: number;
  currency: string;
  credits: number;
  payment_url: string | null;
  receipt_url: string | null;
  invoice_url: string | null;
  subscription_id: string | null;
  requires_action: boolean;
  error: { code: string | null } | null;
  created_at: string;
}

/** POST /api/payments/{id}/refresh: one that is paid inside the page also lends its secret. */
export interface RefreshedPayment extends Payment {
  client_secret?: string | null;
}

export interface PaymentIntentAnswer {
  payment_id: string;
  client_secret: string;
  status: PaymentStatus;
  requires_action: boolean;
}

export interface Card {
  id: string;
  brand: string;
  last4: string;
  exp_month: number;
  exp_year: number;
  is_default: boolean;
}

export interface AutoRecharge {
  enabled: boolean;
  threshold: number | null;
  package_id: string | null;
  monthly_limit: number | null;
  currency: string | null;
  amount: number | null;
  spent_this_month: number;
  off_reason: null | "payments_failed" | "no_card" | "price_changed" | "disputed" | "refunded";
  consented_at: string | null;
}

export interface Subscription {
  subscription_id: string;
  package_id: string;
  status: string;
  cancel_at_period_end: boolean;
  current_period_end: string | null;
  ended_at: string | null;
  created_at: string;
  credits: number;
  interval: "month" | "year";
  amount: number;
  currency: string;
}

export interface CheckoutSession {
  payment_id: string;
  url: string | null;
  client_secret: string | null;
  amount: number;
  currency: string;
  credits: number;
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
  low_balance_threshold: number;
}

export interface Forecast {
  per_day: number | null;
  days_left: number | null;
}

export interface AccountEvent {
  type: string;
  data: {
    available?: number;
    threshold?: number;
    reason?: string;
    payment_id?: string;
    subscription_id?: string;
  };
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
