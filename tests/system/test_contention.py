"""What other programs take of the processors, told from the kernel's counters."""

import pytest

from automl.system.contention import ProcessorUse, read, used


def thread(root, process, number, ran, waited, children=""):
    folder = root / str(process) / "task" / str(number)
    folder.mkdir(parents=True)
    (folder / "schedstat").write_text(f"{int(ran * 1e9)} {int(waited * 1e9)} 12\n")
    (folder / "children").write_text(children)


def test_threads_of_a_process_and_of_its_children_are_read(tmp_path):
    thread(tmp_path, 7, 7, 1.0, 0.5)
    thread(tmp_path, 7, 9, 2.0, 0.0, "20 30 ")  # a child that ended has no folder
    thread(tmp_path, 20, 20, 4.0, 3.0)
    thread(tmp_path, 40, 40, 8.0, 0.0)  # of another process
    assert read(tmp_path, 7) == {(7, 7): (1.0, 0.5), (7, 9): (2.0, 0.0), (20, 20): (4.0, 3.0)}


def test_where_the_kernel_shows_nothing_nothing_is_said(tmp_path):
    assert read(tmp_path, 7) is None
    assert used(None, {(7, 7): (1.0, 0.5)}, 2.0, 1).share is None
    thread(tmp_path, 7, 7, 0.0, 0.0)  # counters are switched off
    assert used(read(tmp_path, 7), read(tmp_path, 7), 2.0, 1).share is None


@pytest.mark.parametrize(
    ("case", "cores", "ran", "waited", "share"),
    [
        ("alone on one core", 1, (10.0,), (0.1,), 1.0),
        ("half of one core", 1, (5.0,), (5.0,), 0.5),
        ("three threads wait for each other on one core", 1, (3.4, 3.3, 3.3), (6.6, 6.7, 6.7), 1.0),
        ("three threads that have half of one core together", 1, (1.7, 1.7, 1.6), (8.0, 8.0, 8.0), 0.5),
        ("one thread of eight cores", 8, (10.0,), (0.0,), 1.0),
        ("two threads on two cores, each half disturbed", 2, (5.0, 5.0), (5.0, 5.0), 0.5),
        ("it sleeps half of the time", 1, (5.0,), (0.0,), 1.0),
    ],
)
def test_only_what_other_programs_had_is_lost(case, cores, ran, waited, share):
    after = {(1, i): pair for i, pair in enumerate(zip(ran, waited, strict=True))}
    assert used({}, after, 10.0, cores).share == pytest.approx(share, abs=0.02), case


def test_counters_are_compared_with_those_before_and_add_up():
    before, after = {(1, 1): (3.0, 1.0), (1, 2): (9.0, 9.0)}, {(1, 1): (5.0, 2.0), (1, 3): (1.0, 0.5)}
    once = used(before, after, 4.0, 4)
    assert once == ProcessorUse(4.0, 3.0, 1.5)
    assert once.plus(once) == ProcessorUse(8.0, 6.0, 3.0)
