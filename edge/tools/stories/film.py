"""Play stories with real pictures: the walk-up film of real photos, through the real detector and matcher."""

from pathlib import Path

import numpy as np

from edge.core.config import Config, MatcherConfig
from edge.core.domain import Image
from edge.matcher import FaceMatcher, open_matcher
from edge.matcher.enrolment.request import sealed_template
from edge.matcher.liveness.combined import open_liveness
from edge.sim import Film, FilmPerson, Light, Scene, WalkUpScript
from edge.tools.demo.cast import Portrait, portraits
from edge.tools.stories.hq import Templates
from edge.tools.stories.line import StoryError
from edge.tools.stories.steps import WalksUpStep
from edge.tools.stories.story import Story

APPROACH_S, LEAVE_S = 0.6, 0.3


class Studio:
    """Holds weights and photos for any number of stories. Raises ModelError, LookupError."""

    def __init__(self, models_dir: Path, photos_dir: Path) -> None:
        self._models_dir = models_dir
        matcher = open_matcher(MatcherConfig(), models_dir)
        self._engine = matcher.engine
        self._cast = portraits(photos_dir, matcher)

    def matcher(self, config: Config) -> FaceMatcher:
        return FaceMatcher(
            self._engine, config.matcher, open_liveness(config.liveness, config.matcher, self._models_dir)
        )

    def templates(self, story: Story) -> Templates:
        """Make the templates of the workers with a portrait."""
        matcher = FaceMatcher(self._engine, MatcherConfig())
        return {
            worker.id: [sealed_template(t) for t in matcher.enrol([self._portrait(worker.portrait).crop()])]
            for worker in story.worker
            if worker.portrait is not None
        }

    def film(self, story: Story) -> Film:
        """Make the film of the story's walk-ups, one scene each. Raises StoryError if two overlap."""
        scenes: list[Scene] = []
        end_s = 0.0
        for step in (s for s in story.timeline if isinstance(s, WalksUpStep)):
            if step.at < end_s:
                raise StoryError(f"walks_up at {step.at:g} s: the former one stays until {end_s:g} s")
            scenes.append(self._scene(step, step.at - end_s))
            end_s += scenes[-1].duration_s
        return Film(WalkUpScript(scenes=tuple(scenes), rate_hz=story.rate_hz))

    def _scene(self, step: WalksUpStep, gap_s: float) -> Scene:
        places = (0.5,) if len(step.walks_up) == 1 else (0.3, 0.7)
        people = tuple(
            FilmPerson(
                photo_path=self._portrait(name).path,
                face=self._portrait(name).box,
                far_px=step.far_px,
                near_px=step.near_px,
                x=x,
            )
            for name, x in zip(step.walks_up, places, strict=True)
        )
        return Scene(
            name=" and ".join(step.walks_up),
            people=people,
            gap_s=gap_s,
            approach_s=APPROACH_S,
            stay_s=step.stay_s,
            leave_s=LEAVE_S,
            light=Light(gain=step.gain),
        )

    def _portrait(self, name: str) -> Portrait:
        if name not in self._cast:
            raise StoryError(f"there is no portrait {name!r}; known: {', '.join(sorted(self._cast))}")
        return self._cast[name]


def picture_at(film: Film, into_s: float) -> Image:
    """Return the film's picture at this time of the story."""
    return np.ascontiguousarray(film.frame_at(into_s))
