"""Write the result as one HTML file that needs no network: tables, a DET curve and histograms."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from edge.tools.evaluation.charts import det_curve, score_histogram
from edge.tools.evaluation.result import Result


def html(result: Result, title: str, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """Render the report. `pictures` are (caption, data URI) of the worst cases, only on the operator's request."""
    environment = Environment(
        loader=PackageLoader("edge.tools.evaluation"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["percent"] = percent
    template = environment.get_template("report.html")
    return template.render(
        result=result,
        title=title,
        det=det_curve(result.det),
        histogram=score_histogram(result.histogram),
        pictures=pictures,
    )


def percent(share: float) -> str:
    return f"{share * 100:.2f} %"
