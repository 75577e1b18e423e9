"""What people see: the checkout page and the stand-in for Stripe.js that embeds it."""
