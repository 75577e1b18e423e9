"""https://docs.stripe.com/api/customer_portal/configurations

Only the default one, as the Dashboard makes it.
"""

from stripe.params.billing_portal import ConfigurationListParams, ConfigurationRetrieveParams

from .. import lists
from ..flows import portal
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found

routes = Routes()

TYPE = "billing_portal.configuration"
URL = "/v1/billing_portal/configurations"


@routes.list(URL, ConfigurationListParams, ["active", "is_default"])
def list_all(tx: Transaction, params: Params) -> Object:
    portal.configuration(tx)
    filters = {name: params.get(name) for name in ("active", "is_default")}
    return lists.page(tx, TYPE, URL, params, filters)


@routes.get(f"{URL}/<id>", ConfigurationRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, TYPE, id)
