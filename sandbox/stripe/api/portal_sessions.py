"""https://docs.stripe.com/api/customer_portal/sessions"""

from stripe.params.billing_portal import SessionCreateParams

from ..events import emit
from ..flows import portal
from ..objects.portal import new_portal_session
from ..params import Params, missing
from ..store import Object, Transaction
from .routes import Routes, found

routes = Routes()


@routes.post(
    "/v1/billing_portal/sessions",
    SessionCreateParams,
    ["configuration", "customer", "locale", "return_url"],
)
def create(tx: Transaction, params: Params) -> Object:
    if "customer" not in params:
        raise missing("customer")
    customer = found(tx, "customer", params["customer"], "customer")
    if "configuration" in params:
        name = params["configuration"]
        configuration = found(tx, "billing_portal.configuration", name, "configuration")
    else:
        configuration = portal.configuration(tx)
    session = new_portal_session(params, customer, configuration, tx.settings.api_base)
    emit(tx, "billing_portal.session.created", tx.add(session))
    return session
