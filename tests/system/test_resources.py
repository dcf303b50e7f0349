"""What there is of memory."""

import pytest

from automl.system import resources


def test_the_control_groups_limit_counts_where_it_is_less(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "CGROUP", tmp_path)
    free = resources.available_mib()
    (tmp_path / "memory.max").write_text(f"{300 * 2**20}\n")
    (tmp_path / "memory.current").write_text(f"{100 * 2**20}\n")
    assert resources.available_mib() == pytest.approx(0.8 * 200) and free > 160
    (tmp_path / "memory.max").write_text("max\n")
    assert resources.available_mib() > 160


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("model name\t: one\nflags\t\t: sse avx512_bf16 amx_bf16 amx_tile\n", "amx_bf16"),
        ("flags\t\t: sse avx512_bf16\n", "avx512_bf16"),
        ("flags\t\t: sse avx2\n", ""),
        ("Features\t: fp asimd\n", ""),
        (None, ""),
    ],
)
def test_instructions_for_bfloat16_are_read_from_the_processors_flags(tmp_path, monkeypatch, said, name):
    file = tmp_path / "cpuinfo"
    if said is not None:
        file.write_text(said)
    monkeypatch.setattr(resources, "PROCESSORS", file)
    assert resources.bfloat16_instructions() == name
