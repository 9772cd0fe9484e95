"""An enrolment made at the gate goes to HQ sealed and comes back with the roster: gate, sync and HQ as real
processes."""

import json
from contextlib import closing
from pathlib import Path

from typer.testing import CliRunner

from contract.messages import EnrolmentEvent
from edge.app.roster import open_roster
from edge.cli import app
from edge.core.config import MatcherConfig
from edge.matcher import open_matcher
from edge.storage.journal import JournalReader
from edge.tools.demo.cast import portraits
from edge.tools.demo.gate_file import SITE
from edge.tools.demo.play import Follower
from edge.tools.demo.stage import DemoStage

EMPLOYER = "Umbra Bau"


def test_ok__enrolled_here_known_everywhere(tmp_path: Path, models_dir: Path, photos_dir: Path) -> None:
    with DemoStage(tmp_path / "stage", models_dir) as stage:
        stage.init()
        matcher = open_matcher(MatcherConfig(), models_dir)
        cast = portraits(photos_dir, matcher)
        stage.start_hq()
        stage.start_gate(cast)
        stage.publish(cast, matcher)
        stage.finish()
        newcomer = tmp_path / "newcomer.json"
        newcomer.write_text(json.dumps({"workers": [{"worker_id": "newcomer", "sites": [SITE], "employer": EMPLOYER}]}))
        stage.hq("import", str(newcomer), "--publish")
        followed = Follower(stage)
        followed.until(followed.ready, 60, "not ready")
        live = JournalReader(stage.root / "state/gate/journal.db")
        before = live.live()
        assert before is not None

        photo = str(photos_dir / "person-c-1.png")
        arguments = ["enroll", photo, "--worker", "newcomer", "--consent", "c-77", "-c", str(stage.config_path)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.stdout + result.stderr

        def told() -> bool:
            return any(isinstance(e, EnrolmentEvent) and e.worker_id == "newcomer" for e in followed.events)

        followed.until(told, 30, "the gate did not record the enrolment")
        followed.until(followed.drained, 30, "HQ did not take the enrolment")
        before_approval = live.live()
        assert before_approval is not None and before_approval.gallery_size == before.gallery_size
        stage.hq("enrolments", "approve", "1", "--by", "manager-7", "--why", "consent form seen")

        def learned() -> bool:
            now = live.live()
            return now is not None and now.gallery_size == before.gallery_size + 1

        followed.until(learned, 30, "the template did not come back with the roster")
        assert any(isinstance(e, EnrolmentEvent) and e.worker_id == "newcomer" for e in followed.events)
        live.close()
        stored = b"".join(path.read_bytes() for path in (stage.root / "state").rglob("*.db*") if path.is_file())
        with closing(open_roster(stage.config())) as roster:
            roster.refresh()
            assert roster.state.workers["newcomer"].employer == EMPLOYER
            vectors = [template.vector.astype("<f2").tobytes() for _, template in roster.state.templates]
        assert len(vectors) == before.gallery_size + 1
        assert not [word for word in (EMPLOYER.encode(), *vectors) if word in stored], (
            "nothing of the lists is readable"
        )
