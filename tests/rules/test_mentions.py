from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import CATALOG, HOUR, MINUTE, NOW, SECOND, alert

from tocsin.core.alert import AlertType
from tocsin.core.mention import NOBODY, Mention
from tocsin.rules.match import Match
from tocsin.rules.mentions import MentionRule, mention_for
from tocsin.rules.window import Rate

EVERYONE = Mention(everyone=True)
CONSOLES = Mention(roles=("22",))
RULES = (
    MentionRule(match=Match(min_priority=10), everyone=True, budget=Rate(1, 10 * MINUTE)),
    MentionRule(match=Match(families=frozenset({"console"})), roles=("22",), budget=Rate(2, 2 * MINUTE)),
)
TOP, CONSOLE, PLAIN = alert(priority=10), alert(sku="NSW2"), alert(sku="x", type=AlertType.BACK_ORDER)


def mentioned(*alerts, rules=RULES, **spent):
    return mention_for(alerts, rules, {name.replace("_", ":"): times for name, times in spent.items()}, NOW, CATALOG)


def test_nobody_is_mentioned_without_a_rule_that_matches():
    assert mentioned(PLAIN) == NOBODY
    assert mentioned(TOP, rules=()) == NOBODY
    assert mentioned() == NOBODY


def test_the_first_rule_that_matches_counts():
    assert mentioned(TOP) == EVERYONE
    assert mentioned(CONSOLE) == CONSOLES
    assert mentioned(alert(sku="NSW2", priority=10)) == EVERYONE


def test_a_first_rule_that_names_nobody_keeps_it_quiet():
    silent = (MentionRule(match=Match(min_priority=10)), *RULES)
    assert mentioned(alert(sku="NSW2", priority=10), rules=silent) == NOBODY


def test_past_its_budget_an_alert_goes_out_unmentioned():
    assert mentioned(TOP, everyone=[NOW - 10 * MINUTE + SECOND]) == NOBODY
    assert mentioned(TOP, everyone=[NOW - 10 * MINUTE]) == EVERYONE
    assert mentioned(CONSOLE, role_22=[NOW - MINUTE]) == CONSOLES
    assert mentioned(CONSOLE, role_22=[NOW - MINUTE, NOW]) == NOBODY


def test_budgets_belong_to_the_name_that_is_mentioned():
    both = (MentionRule(match=Match(), everyone=True, roles=("1", "2"), budget=Rate(1, HOUR)),)
    assert mentioned(PLAIN, rules=both) == Mention(everyone=True, roles=("1", "2"))
    assert mentioned(PLAIN, rules=both, role_1=[NOW], everyone=[NOW]) == Mention(roles=("2",))


def test_a_rule_without_a_budget_has_no_bound():
    unbound = (MentionRule(match=Match(), everyone=True),)
    assert mentioned(PLAIN, rules=unbound, everyone=[NOW] * 100) == EVERYONE


def test_a_message_mentions_what_its_most_important_mentioning_alert_may():
    assert mentioned(PLAIN, CONSOLE, TOP) == CONSOLES
    assert mentioned(TOP, CONSOLE) == EVERYONE
    assert mentioned(TOP, CONSOLE, everyone=[NOW]) == CONSOLES


def test_a_clock_set_back_does_not_use_up_a_budget_for_long():
    assert mentioned(TOP, everyone=[NOW + 10 * MINUTE]) == EVERYONE
    assert mentioned(TOP, everyone=[NOW + MINUTE]) == NOBODY


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(1, 4))
def test_no_window_ever_has_more_mentions_than_its_budget(gaps, count):
    rules = (MentionRule(match=Match(), everyone=True, budget=Rate(count, 10 * MINUTE)),)
    now, spent = NOW, []
    for gap in gaps:
        now += gap * SECOND
        if mention_for([PLAIN], rules, {"everyone": spent}, now, CATALOG) != NOBODY:
            spent.append(now)
    assert all(later - first >= 10 * MINUTE for first, later in zip(spent, spent[count:], strict=False))
