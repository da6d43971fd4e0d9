"""The timeline of a report as HTML: a strand for each package, its attempts and its landing."""

from __future__ import annotations

from html import escape

from plait.faces import report_rows
from plait.faces.report_rows import Bar, Report, Strand
from plait.faces.text import clean, duration

_DENSE = 40  # strands from which on they are drawn closer
_TICKS = 6
_LAST, _AT_END = 0.93, ' class="end"'  # from there on a label ends at its line
_STEPS = (
    (1, 2, 5, 10, 15, 30),  # seconds
    tuple(60 * each for each in (1, 2, 5, 10, 15, 30)),
    tuple(3600 * each for each in (1, 2, 3, 6, 12, 24, 48, 96)),
)
_LEGEND = {
    "pass": "attempt passed",
    "revise": "sent back",
    "reject": "rejected",
    "blocked": "asked a question",
    "interrupted": "interrupted",
    "unfinished": "unfinished",
}


def timeline(report: Report) -> str:
    """The timeline; empty where nothing was worked on."""
    strands = report_rows.strands(report)
    if not strands:
        return ""
    whole = report_rows.whole(report)
    step = _step(whole)
    rows = "\n".join(_strand(strand) for strand in strands)
    dense = " dense" if len(strands) > _DENSE else ""
    axis = _axis(whole, step)
    share = 100.0 * step / whole if whole else 100.0
    return (
        f'{_legend(strands)}\n<div class="timeline{dense}" style="--step:{share:.4f}%">\n'
        f"{axis}\n{rows}\n{axis}\n</div>"
    )


def _legend(strands: tuple[Strand, ...]) -> str:
    kinds = dict.fromkeys(bar.kind for strand in strands for bar in strand.bars)
    told = "".join(
        f'<span><i class="{_text(kind)}"></i>{_text(_LEGEND.get(kind, kind))}</span>'
        for kind in kinds
    )
    told += '<span><i class="checks"></i>its checks</span>'
    if any(strand.landed is not None for strand in strands):
        told += '<span><i class="queued"></i>in the queue</span>'
        told += '<span><i class="landed-mark"></i>landed</span>'
    return f'<div class="legend">{told}</div>'


def _step(whole: float) -> float:
    """The time between two lines: the shortest that needs no more of them than there is room."""
    for steps in _STEPS:
        for step in steps:
            if whole <= step * _TICKS:
                return float(step)
    return whole / _TICKS


def _axis(whole: float, step: float) -> str:
    shares = [number * step / whole if whole else 0.0 for number in range(_TICKS + 1)]
    labels = "".join(
        f'<span{_AT_END if share > _LAST else ""} style="left:{share:.2%}">'
        f"{_time(number * step)}</span>"
        for number, share in enumerate(shares)
        if share <= 1.0 and (number == 0 or share > 0)
    )
    return f'<span></span><div class="axis">{labels}</div>'


def _time(at: float) -> str:
    return "0" if at == 0 else duration(at).replace(".0 s", " s")


def _strand(strand: Strand) -> str:
    bars = "".join(map(_bar, strand.bars))
    if strand.landed is not None:
        last = strand.bars[-1]
        end = last.start + last.length
        if last.kind == "pass" and strand.landed > end:
            bars += f'<s style="left:{end:.2%};width:{strand.landed - end:.2%}"></s>'
        bars += f'<b class="landed-mark" title="landed" style="left:{strand.landed:.2%}"></b>'
    name = f"<code>{_text(strand.id)}</code>"
    return f'<span class="name">{name}</span><div class="strand">{bars}</div>'


def _bar(bar: Bar) -> str:
    checks = f'<u style="left:{bar.worked:.1%}"></u>' if bar.worked < 1.0 else ""
    return (
        f'<b class="{_text(bar.kind)}" title="{_text(bar.label)}" '
        f'style="left:{bar.start:.2%};width:{bar.length:.2%}">{checks}</b>'
    )


def _text(text: str) -> str:
    return escape(clean(text))
