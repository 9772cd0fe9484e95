"""A store of templates is the same sequence of pairs as the objects it stands for."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.domain import Template
from edge.core.templates import Block, TemplateStore
from edge.matcher.gallery.centering import fuse_template_groups, fuse_templates


def _two_person_waits(count: int = 12) -> list[tuple[str, Template]]:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((count, 8), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [(f"w{n % 5}", Template(vector, "a" if n < 7 else "b")) for n, vector in enumerate(vectors)]


def test_ok__a_store_is_the_sequence_it_was_made_of() -> None:
    pairs = _two_person_waits()
    store = TemplateStore.of(pairs)
    assert TemplateStore.of(store) is store
    assert len(store) == len(pairs)
    for (worker_id, template), (name, own) in zip(store, pairs, strict=True):
        assert (worker_id, template.model_id) == (name, own.model_id)
        assert np.allclose(template.vector, own.vector, atol=1e-6)
    assert [worker_id for worker_id, _ in store[3:9:2]] == ["w3", "w0", "w2"]
    assert store[-1][0] == pairs[-1][0]
    assert len(TemplateStore((), ())) == 0
    with pytest.raises(IndexError):
        store[12]


def test_ok__vectors_of_one_model_are_gathered_from_all_blocks() -> None:
    rows = np.eye(4, dtype=np.float16)
    blocks = [Block(m, rows[[i]], np.array([i], np.int32)) for i, m in enumerate("abaa")]
    vectors, owners = TemplateStore([f"w{i}" for i in range(4)], blocks).of_model("a", 4)
    assert vectors.dtype == np.float16
    assert owners.tolist() == [0, 2, 3]
    assert np.array_equal(vectors, rows[[0, 2, 3]])
    assert TemplateStore(["w0"], blocks[:1]).of_model("a", 5)[0].shape == (0, 5)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.integers(0, 1000))
def test_ok__many_workers_are_fused_as_each_one_alone(sizes: list[int], seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((sum(sizes), 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[: sizes[0] // 2 * 2 : 2] = -vectors[1 : sizes[0] // 2 * 2 : 2]  # the first worker's cancel out in pairs
    ends = np.cumsum(sizes)
    starts = ends - sizes
    alone = [vectors[a] if b - a == 1 else fuse_templates(vectors[a:b]) for a, b in zip(starts, ends, strict=True)]
    assert np.array_equal(fuse_template_groups(vectors, starts), np.array(alone))


def test_ok__a_store_that_nobody_needs_is_gone_at_once() -> None:
    """What was loaded before `gc.freeze` is never looked at by the collector: it must not wait for it."""
    base = TemplateStore.of(_two_person_waits())
    changed = base.replaced(["w0"], TemplateStore((), ()))
    found = [weakref.ref(base), weakref.ref(changed)]
    gc.disable()
    try:
        del base
        assert found[0]() is not None  # the changed one shares its arrays
        del changed
        assert [ref() for ref in found] == [None, None]
    finally:
        gc.enable()


def test_ok__changed_stores_are_compared_by_what_changed() -> None:
    base = TemplateStore.of(_two_person_waits())
    others = TemplateStore.of([("w0", Template(np.eye(8, dtype=np.float32)[0], "a"))])
    one, again = base.replaced(["w0"], others), base.replaced(["w0", "stranger"], others)
    none = base.replaced(["w0"], TemplateStore((), ()))
    assert one.same_as(again)
    assert not one.same_as(none)
    assert base.replaced(["w1"], base.of_workers(["w1"])) is base
    assert one.differing(none) == base.differing(one) == {"w0"}
    assert one.differing(TemplateStore.of(_two_person_waits())) is None
    assert [who for who, _ in none] == [who for who, _ in base if who != "w0"]
    assert {who for who, _ in one.of_workers(["w0", "w1"])} == {"w0", "w1"}
