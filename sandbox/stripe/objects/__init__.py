"""The shape of each object when it is new: one builder per file, every required field present.

The SDK's resource classes say what a shape is; `tests/stripe_types.py` holds these against them.
"""
