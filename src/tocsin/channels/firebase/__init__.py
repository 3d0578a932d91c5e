"""Push to apps by Firebase Cloud Messaging (FCM HTTP v1): the way of push for devices."""
