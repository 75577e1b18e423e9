"""What happens to payments: the verbs behind the API, the checkout page and the console.

Each takes the transaction it works in, changes objects, and tells of it by events.
"""
