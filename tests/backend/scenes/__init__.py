"""What a shop does with Stripe, each as a scene that can be played while Stripe is in trouble.

A scene is prepared in peace, then `act` is asked, perhaps again, and `check` says what must be so in
the end: nobody is charged or refunded twice, and nothing is stuck.
"""

from tests.backend.scenes import (
    cards,
    jobs,
    open_payments,
    orders,
    recharges,
    refunds,
    subscriptions,
    webhooks,
)
from tests.backend.scenes.scene import Scene

SCENES: dict[str, type[Scene]] = {
    scene.__name__: scene
    for scene in (
        jobs.Reconciliation,  # first, because it reads all that the others leave
        orders.OrderOnStripesPage,
        orders.OrderOnAnEmbeddedPage,
        orders.OrderOfASubscription,
        orders.OrderOfASubscriptionOnAnEmbeddedPage,
        orders.OrderOfASubscriptionThatAnotherTabHasBegun,
        orders.OrderOfASubscriptionThatAnotherTabHasPaid,
        orders.OrderOfASubscriptionWhosePriceWasArchived,
        orders.OrderInThePage,
        orders.OrderOfADeletedCustomer,
        orders.OrderInThePageOfADeletedCustomer,
        orders.OrderWithASavedCard,
        orders.OrderWithASavedCardThatIsDeclined,
        orders.OrderWithASavedCardThatAsks,
        open_payments.RefreshOfASession,
        open_payments.RefreshOfASubscription,
        open_payments.RefreshOfARenewal,
        open_payments.RefreshOfAnIntent,
        open_payments.RefreshOfAnOrphan,
        open_payments.RefreshOfAnEmbeddedOrphan,
        open_payments.RefreshOfAnOrphanedIntent,
        open_payments.CancellationOfASession,
        open_payments.CancellationOfAnEmbeddedSession,
        open_payments.CancellationOfAnIntent,
        open_payments.CancellationOfAnOrphan,
        open_payments.CancellationOfAnEmbeddedOrphan,
        open_payments.CancellationOfAnOrphanedIntent,
        cards.SettingUpOfACard,
        cards.RefreshOfCards,
        cards.AnotherDefaultCard,
        cards.RemovalOfACard,
        recharges.Recharge,
        recharges.RechargeThatIsDeclined,
        recharges.RechargeThatTheBankAsksAbout,
        refunds.Refund,
        refunds.RefundOfAll,
        refunds.RefundOfMany,
        webhooks.WebhookOfARefund,
        webhooks.WebhookOfADiscount,
        webhooks.WebhookOfAnInvoicesPayment,
        webhooks.WebhookOfASubscription,
        webhooks.WebhookOfACard,
        webhooks.WebhookOfACustomer,
        webhooks.ReplayOfAnEvent,
        subscriptions.EndingOfASubscription,
        subscriptions.ResumptionOfASubscription,
        subscriptions.Portal,
        jobs.Cleanup,
        jobs.CleanupAfterAnErasedUser,
    )
}
