"""What happens to payments and subscriptions: the verbs behind the API, the pages and the console.

Each takes the transaction it works in, changes objects, and tells of it by events.
"""
