"""What mirrors of the history are told, and how far they are."""
