"""Push to apps by Firebase Cloud Messaging, the way of `channels/push` for devices."""
