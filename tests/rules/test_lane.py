from datetime import timedelta

from tests.rules.made import HOUR, MINUTE, SECOND

from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.window import Rate


def test_a_lane_remembers_as_far_back_as_the_longest_of_its_own_and_shared_windows():
    own, shared = GatePolicy(rates=(Rate(9, MINUTE), Rate(1, SECOND))), GatePolicy(rates=(Rate(99, HOUR),))
    assert LanePolicy(name="a", channel="sms", gate=own, shared=shared).memory == HOUR
    assert LanePolicy(name="a", channel="sms", gate=own).memory == MINUTE
    assert LanePolicy(name="a", channel="sms").memory == timedelta()
