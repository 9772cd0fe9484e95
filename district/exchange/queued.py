"""Run what pages queue as tasks (django-tasks-db). A task whose worker was killed is run again."""

import structlog
from django_tasks_db.management.commands.db_worker import Worker as TaskWorker
from django_tasks_db.models import DBTaskResult

log = structlog.get_logger()

TRIES_MAX = 3
"""A task that ends its worker so often fails."""


class _WorkerEnded(RuntimeError):
    """The worker ended in the middle of the task each time."""


def run_task() -> bool:
    """Run the next task that waits. Return whether there was one."""
    put_back()
    before = DBTaskResult.objects.ready().count()
    if before:
        TaskWorker(
            queue_names=["*"],
            interval=0.0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=1,
            worker_id="district",
            excluded_queue_names=[],
        ).run()
    return before > 1


def put_back() -> None:
    """Put tasks back whose worker ended in the middle. This round runs in one worker alone: none of them runs now."""
    for task in DBTaskResult.objects.running():
        if len(task.worker_ids) >= TRIES_MAX:
            task.set_failed(_WorkerEnded(f"the worker ended {TRIES_MAX} times in the middle of this task"))
            log.error("task_failed", task=task.task_path)
        else:
            DBTaskResult.objects.filter(pk=task.pk, status=task.status).update(status="READY", started_at=None)
            log.warning("taskput_back", task=task.task_path)
