"""Which log entry carries a block."""

from node.l1.postings import POSTINGS_MAX, Posting, Postings


def test_a_block_is_found_in_its_entry() -> None:
    postings = Postings()
    assert postings.find(1) is None
    second, third = Posting(4, 6, 2, 20), Posting(7, 7, 3, 30)
    postings.add(second)
    postings.add(third)
    found = [postings.find(height) for height in range(3, 9)]
    assert found == [None, second, second, second, third, None]


def test_another_log_takes_the_place_of_what_it_replaces() -> None:
    postings = Postings()
    for log_index in range(1, 5):
        postings.add(Posting(log_index, log_index, log_index, 1))
    postings.add(Posting(3, 8, 3, 2))
    assert [posting.log_index for posting in postings.entries] == [1, 2, 3]
    assert postings.find(4) == Posting(3, 8, 3, 2)


def test_what_came_before_the_first_look_has_no_time() -> None:
    finals = Postings()
    finals.advance(3, 1, 10)
    finals.advance(3, 1, 20)
    finals.advance(5, 2, 30)
    assert finals.find(3) is None
    found = finals.find(4)
    assert found == finals.find(5) == Posting(4, 5, 2, 30)


def test_the_oldest_are_forgotten() -> None:
    postings = Postings()
    for log_index in range(1, POSTINGS_MAX + 2):
        postings.add(Posting(log_index, log_index, log_index, 1))
    assert len(postings.entries) <= POSTINGS_MAX
    assert postings.find(1) is None
    assert postings.find(POSTINGS_MAX + 1) is not None
