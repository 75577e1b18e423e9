"""https://docs.stripe.com/api/webhook_endpoints"""

from stripe.params import (
    WebhookEndpointCreateParams,
    WebhookEndpointDeleteParams,
    WebhookEndpointListParams,
    WebhookEndpointModifyParams,
    WebhookEndpointRetrieveParams,
)

from .. import lists
from ..objects.webhook_endpoint import new_webhook_endpoint
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()


@routes.post(
    "/v1/webhook_endpoints",
    WebhookEndpointCreateParams,
    ["api_version", "description", "enabled_events", "metadata", "url"],
)
def create(tx: Transaction, params: Params) -> Object:
    """The only answer that tells the signing secret. `api_version`: the shape of its events."""
    endpoint = tx.add(
        new_webhook_endpoint(
            params["url"],
            params["enabled_events"],
            description=params.get("description"),
            metadata=params.get("metadata") or {},
            api_version=params.get("api_version"),
        )
    )
    return endpoint | {"secret": endpoint["_secret"]}


@routes.list("/v1/webhook_endpoints", WebhookEndpointListParams)
def list_all(tx: Transaction, params: Params) -> Object:
    return lists.page(tx, "webhook_endpoint", "/v1/webhook_endpoints", params, {})


@routes.get("/v1/webhook_endpoints/<id>", WebhookEndpointRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "webhook_endpoint", id)


@routes.post(
    "/v1/webhook_endpoints/<id>",
    WebhookEndpointModifyParams,
    ["description", "disabled", "enabled_events", "metadata", "url"],
)
def update(tx: Transaction, params: Params, id: str) -> Object:
    endpoint = found(tx, "webhook_endpoint", id)
    changes: Params = {name: params[name] for name in ("enabled_events", "url") if name in params}
    if "description" in params:
        changes["description"] = params["description"] or None
    if "disabled" in params:
        changes["status"] = "disabled" if params["disabled"] else "enabled"
    tx.change(endpoint, **changes, metadata=merged_metadata(endpoint, params.get("metadata")))
    return endpoint


@routes.delete("/v1/webhook_endpoints/<id>", WebhookEndpointDeleteParams)
def delete(tx: Transaction, params: Params, id: str) -> Object:
    found(tx, "webhook_endpoint", id)
    tx.remove(id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}
