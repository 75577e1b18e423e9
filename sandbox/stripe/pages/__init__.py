"""What people see: checkout, invoice, receipt, customer portal; and the stand-in for Stripe.js."""
