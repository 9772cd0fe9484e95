"""YuNet's arithmetic, without the network."""

import numpy as np
import pytest

from edge.matcher.engine.detector import STRIDES, decode, postprocess, preprocess, suppress


def empty_outputs(height, width):
    outputs = {}
    for stride in STRIDES:
        cells = (height // stride) * (width // stride)
        for name, size in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{name}_{stride}"] = np.zeros((1, cells, size), dtype=np.float32)
    return outputs


def put(outputs, stride, width, column, row, score, box=(0, 0, 0, 0)):
    cell = row * (width // stride) + column
    outputs[f"cls_{stride}"][0, cell] = outputs[f"obj_{stride}"][0, cell] = score
    outputs[f"bbox_{stride}"][0, cell] = box
    outputs[f"kps_{stride}"][0, cell] = np.arange(10) / 10


def test_ok__a_picture_is_padded_to_the_grid_and_keeps_its_values():
    image = np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8)
    prepared = preprocess(image)
    assert prepared.tensor.shape == (1, 3, 64, 96)
    assert prepared.scale == 1
    assert (prepared.tensor[0, :, :50, :70] == image.transpose(2, 0, 1)).all()
    assert not prepared.tensor[0, :, 50:].any()
    assert not prepared.tensor[0, :, :, 70:].any()


@pytest.mark.parametrize(
    ("size", "shape"),
    [((480, 640), (480, 640)), ((1080, 1920), (384, 640)), ((2000, 10), (640, 32)), ((1, 1), (32, 32))],
)
def test_ok__any_size_becomes_one_the_network_takes(size, shape):
    assert preprocess(np.zeros((*size, 3), dtype=np.uint8)).tensor.shape[2:] == shape


@pytest.mark.parametrize("stride", STRIDES)
def test_ok__a_cell_becomes_a_box_and_landmarks_in_pixels(stride):
    outputs = empty_outputs(96, 160)
    put(outputs, stride, 160, column=2, row=1, score=0.81, box=(0.5, 0.25, np.log(4), np.log(6)))
    (row,) = decode(outputs, 160, score_min=0.7)
    centre = np.array([2.5, 1.25]) * stride
    assert row[:4] == pytest.approx([*(centre - np.array([2, 3]) * stride), 4 * stride, 6 * stride], rel=1e-5)
    expected = (np.tile([2, 1], 5) + np.arange(10) / 10) * stride
    assert row[4:14] == pytest.approx(expected, rel=1e-5)
    assert row[14] == pytest.approx(0.81)


def test_ok__the_score_is_the_geometric_mean_of_both_heads_clipped():
    outputs = empty_outputs(32, 32)
    outputs["cls_32"][0, 0], outputs["obj_32"][0, 0] = 1.5, 0.64
    (row,) = decode(outputs, 32, score_min=0.5)
    assert row[14] == pytest.approx(0.8)
    assert len(decode(outputs, 32, score_min=0.81)) == 0


def test_ok__nothing_found_is_an_empty_list():
    rows = suppress(decode(empty_outputs(32, 32), 32, 0.7), 0.7)
    assert postprocess(rows, 1.0) == []


def test_ok__of_overlapping_boxes_the_best_remains():
    rows = np.zeros((3, 15), dtype=np.float32)
    rows[:, :4] = [[10, 10, 50, 50], [12, 11, 50, 50], [200, 10, 50, 50]]
    rows[:, 14] = [0.8, 0.95, 0.9]
    kept = suppress(rows, 0.7)
    assert kept[:, 14] == pytest.approx([0.95, 0.9])


def test_ok__faces_are_in_the_picture_s_own_pixels():
    row = np.arange(15, dtype=np.float32)[np.newaxis]
    (face,) = postprocess(row, scale=0.5)
    assert face.box == (0, 2, 4, 6)
    assert face.landmarks[0].tolist() == [8, 10]
    assert face.score == 14
